// GET /status for people and scripts, GET /healthz for whatever watches the process. Neither shows keys or payloads.

import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';

const statusBody = z.object({
  schedule: z
    .object({ number_of_items_to_send: z.number(), interval_time: z.number() })
    .nullable()
    .describe('What /start_sending set; null when stopped.'),
  outbox: z.object({
    depth: z.number().describe('Messages that wait for their receipt.'),
    dead_letters: z.number().describe('Messages refused for good or given up; kept, see /v1/dead-letters.'),
    limit: z.number().describe('Most messages kept, dead letters included.'),
    is_full: z.boolean(),
  }),
  delivered: z.number().describe('Messages with a checked receipt, over the life of the outbox.'),
  produced: z.number().describe('Readings stored since the start.'),
  skipped: z.number().describe('Readings not taken because the outbox was full, since the start.'),
  failed_batches: z.number().describe('Batches that could not be signed or stored, since the start.'),
  enrolment: z.object({
    state: z
      .enum(['off', 'waiting', 'refused', 'enrolled'])
      .describe('off: no ENROLLMENT_TOKEN. Until enrolled, readings wait in the outbox.'),
    devices: z.array(z.string()).describe('What the key is to speak for, besides readings that name no device.'),
    failures: z.number().describe('Tries in a row without success.'),
    reason: z.string().nullable().describe('Why the key is not enrolled; null when it is.'),
  }),
  delivery: z.object({
    state: z.enum(['idle', 'sending', 'waiting', 'stopped']),
    failures: z.number().describe('Tries in a row without progress.'),
  }),
  last_error: z
    .object({ at: z.number().describe('Microseconds since the Unix epoch.'), message: z.string() })
    .nullable(),
  receiver_url: z.string(),
  is_receipt_signature_checked: z.boolean().describe('True when LEDGER_PUBLIC_KEY is set.'),
  key: z.object({ id: z.string(), algorithm: z.enum(['ed25519', 'rsa-pss', 'ecdsa-p256']) }),
  sensor: z.object({
    kind: z.enum(['simulated', 'command']),
    devices: z.array(z.string()),
    waiting: z.number().describe('Readings that wait in memory.'),
    invalid_lines: z.number(),
    restarts: z.number(),
  }),
});

export type StatusBody = z.output<typeof statusBody>;

export function registerStatusRoutes(
  server: FastifyInstance,
  sources: {
    status: () => StatusBody;
    /** Throws when the outbox cannot be read. */
    checkOutbox: () => void;
  },
): void {
  const routes = server.withTypeProvider<ZodTypeProvider>();
  routes.get(
    '/status',
    {
      schema: {
        summary: 'What is scheduled, what waits, what was delivered',
        tags: ['status'],
        response: { 200: statusBody },
      },
    },
    async () => sources.status(),
  );
  routes.get(
    '/healthz',
    {
      schema: {
        summary: 'Whether the sender can read its outbox; says nothing of the receiver',
        tags: ['status'],
        response: { 200: z.object({ status: z.literal('ok') }) },
      },
    },
    async () => {
      sources.checkOutbox();
      return { status: 'ok' as const };
    },
  );
}
