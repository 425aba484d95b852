// GET /metrics: for Prometheus. What it shows is metrics-registry.ts, and each plugin's own.

import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ReceiverError } from '../errors.ts';
import { isSameToken } from '../registry/secret.ts';
import { problems } from './answers.ts';
import type { ReceiverMetrics } from './metrics-registry.ts';

const text = z.string().meta({
  description: 'Prometheus text format 0.0.4.',
  examples: ['# TYPE telltale_head_block_index gauge\ntelltale_head_block_index 41\n'],
});

/** `token`: asked for as a bearer token (RFC 6750); undefined: anybody may read. */
export function metricsRoute(
  app: FastifyInstance,
  service: { metrics: ReceiverMetrics; token: string | undefined },
): void {
  const { metrics, token } = service;
  app.get(
    '/metrics',
    {
      serializerCompiler: () => (data) => String(data),
      schema: {
        summary: 'What the receiver and its plugins count',
        tags: ['Operation'],
        security: [{}, { metricsToken: [] }],
        response: {
          200: { description: 'Prometheus text format.', content: { 'text/plain': { schema: text } } },
          ...problems(['not-authorized', 'this needs METRICS_TOKEN as a bearer token']),
        },
      },
    },
    async (request, reply) => {
      const [, given] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
      if (token !== undefined && (given === undefined || !isSameToken(given, token))) {
        throw new ReceiverError('not-authorized', 'this needs METRICS_TOKEN as a bearer token');
      }
      return reply
        .type(metrics.registry.contentType)
        .header('cache-control', 'no-store')
        .send(await metrics.text());
    },
  );
}
