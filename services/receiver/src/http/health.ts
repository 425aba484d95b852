// GET /healthz: the process answers; what it depends on is not asked, because starting it again would not mend that. GET /readyz: it can do its
// work, so requests may be sent to it. Two questions, as Kubernetes' liveness and readiness probes ask them.

import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ReadinessReport } from '../readiness.ts';
import { jsonAnswer, problems } from './answers.ts';

const report = z.object({
  status: z.enum(['ready', 'not-ready']),
  database: z.enum(['ok', 'unavailable']),
  migrations: z
    .enum(['current', 'newer', 'behind', 'unknown'])
    .describe('newer: a newer version has migrated the database, and this one goes on. unknown: the database is away.'),
  sealer: z
    .enum(['sealing', 'standing-by', 'failing'])
    .describe('standing-by: another receiver of this ledger seals. failing: its last turn failed; the log says why.'),
});

const EXAMPLE = { status: 'ready', database: 'ok', migrations: 'current', sealer: 'sealing' } as const;
const health = z.object({ status: z.literal('ok') }).meta({ examples: [{ status: 'ok' }] });

export function healthRoutes(app: FastifyInstance, readiness: { check: () => Promise<ReadinessReport> }): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const alive = {
    summary: 'Whether the process answers',
    tags: ['Operation'],
    response: { 200: jsonAnswer(health, { description: 'It answers.' }), ...problems() },
  };
  routes.get('/healthz', { schema: alive }, () => ({ status: 'ok' as const }));
  const ready = {
    summary: 'Whether the receiver can do its work: database, migrations, sealer',
    tags: ['Operation'],
    response: {
      200: jsonAnswer(report.meta({ examples: [EXAMPLE] }), { description: 'It can.' }),
      503: jsonAnswer(report.meta({ examples: [{ ...EXAMPLE, status: 'not-ready', database: 'unavailable' }] }), {
        description: 'It cannot now.',
      }),
      ...problems(),
    },
  };
  routes.get('/readyz', { schema: ready }, async (_request, reply) => {
    const { isReady, ...parts } = await readiness.check();
    reply.code(isReady ? 200 : 503).header('cache-control', 'no-store');
    return { status: isReady ? ('ready' as const) : ('not-ready' as const), ...parts };
  });
}
