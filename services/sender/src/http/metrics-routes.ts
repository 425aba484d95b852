// GET /metrics: /status as numbers, for Prometheus. It shows nothing that /status does not, so it asks for no token. Written out here: a dozen
// numbers that exist already need no registry, and a sender is to stay small. Format: Prometheus text exposition 0.0.4.

import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { failures } from './answers.ts';
import type { StatusBody } from './status-routes.ts';

const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly value: number;
}

/** Counters begin at 0 with the process, but for those of the outbox, which outlive it. */
function metricsOf(status: StatusBody): Metric[] {
  const { outbox, enrolment, delivery, sensor, last_error: lastError } = status;
  const gauge = (name: string, value: number, help: string): Metric => ({ name, type: 'gauge', help, value });
  const counter = (name: string, value: number, help: string): Metric => ({ name, type: 'counter', help, value });
  const isLetIn = enrolment.state === 'enrolled' || enrolment.state === 'off';
  return [
    gauge('telltale_sender_outbox_messages', outbox.depth, 'Messages that wait for their receipt.'),
    gauge('telltale_sender_outbox_limit_messages', outbox.limit, 'Most messages kept, dead letters included.'),
    gauge('telltale_sender_dead_letters', outbox.dead_letters, 'Messages refused for good or given up; kept.'),
    counter('telltale_sender_delivered_total', status.delivered, 'Messages with a checked receipt.'),
    counter('telltale_sender_readings_total', status.produced, 'Readings that were signed and stored.'),
    counter('telltale_sender_readings_skipped_total', status.skipped, 'Readings not taken: the outbox was full.'),
    counter('telltale_sender_failed_batches_total', status.failed_batches, 'Batches that were not signed or stored.'),
    counter('telltale_sender_sensor_faults_total', sensor.invalid_lines, 'Lines refused, measurements that failed.'),
    counter('telltale_sender_sensor_restarts_total', sensor.restarts, 'Times that the sensor program ended.'),
    gauge('telltale_sender_delivery_failures', delivery.failures, 'Tries in a row without progress.'),
    gauge('telltale_sender_is_let_in', isLetIn ? 1 : 0, '0 while the key waits to be enrolled, or was refused.'),
    gauge(
      'telltale_sender_last_error_timestamp_seconds',
      lastError === null ? 0 : lastError.at / 1e6,
      'When delivery last failed; 0: never since the start.',
    ),
    gauge('process_resident_memory_bytes', process.memoryUsage.rss(), 'Resident memory size in bytes.'),
  ];
}

export function registerMetricsRoutes(server: FastifyInstance, status: () => StatusBody): void {
  const text = z.string().meta({
    description: 'Prometheus text format 0.0.4.',
    examples: ['# TYPE telltale_sender_outbox_messages gauge\ntelltale_sender_outbox_messages 0\n'],
  });
  server.get(
    '/metrics',
    {
      serializerCompiler: () => (data) => String(data),
      schema: {
        summary: 'The numbers of /status, for Prometheus',
        tags: ['status'],
        response: {
          200: { description: 'Prometheus text format.', content: { 'text/plain': { schema: text } } },
          ...failures({}),
        },
      },
    },
    async (_request, reply) => {
      const lines = metricsOf(status()).flatMap(({ name, type, help, value }) => [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} ${type}`,
        `${name} ${value}`,
      ]);
      return reply
        .type(CONTENT_TYPE)
        .header('cache-control', 'no-store')
        .send(`${lines.join('\n')}\n`);
    },
  );
}
