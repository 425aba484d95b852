// GET /status for people and scripts, GET /healthz for whatever watches the process. Neither shows keys or payloads.

import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { failures, jsonAnswer } from './answers.ts';

export const statusBody = z.object({
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
  receiver_url: z.string().describe('Where readings go: MQTT_URL where that is set.'),
  is_receipt_signature_checked: z.boolean().describe('True when LEDGER_PUBLIC_KEY is set.'),
  key: z.object({ id: z.string(), algorithm: z.enum(['ed25519', 'rsa-pss', 'ecdsa-p256']) }),
  sensor: z.object({
    kind: z.enum(['simulated', 'command', 'thermal']),
    devices: z.array(z.string()),
    waiting: z.number().describe('Readings that wait in memory.'),
    invalid_lines: z.number().describe('Lines refused, or measurements that failed, since the start.'),
    restarts: z.number(),
  }),
});

export type StatusBody = z.output<typeof statusBody>;

const example: StatusBody = {
  schedule: { number_of_items_to_send: 2, interval_time: 2 },
  outbox: { depth: 2, dead_letters: 0, limit: 100_000, is_full: false },
  delivered: 40,
  produced: 42,
  skipped: 0,
  failed_batches: 0,
  enrolment: { state: 'off', devices: [], failures: 0, reason: null },
  delivery: { state: 'sending', failures: 0 },
  last_error: null,
  receiver_url: 'http://127.0.0.1:5001',
  is_receipt_signature_checked: false,
  key: { id: '7a1c9e0d2b3f4a5c6d7e8f901a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d', algorithm: 'ed25519' },
  sensor: { kind: 'simulated', devices: ['Raspberry Pi 1'], waiting: 0, invalid_lines: 0, restarts: 0 },
};
const healthBody = z.object({ status: z.literal('ok') }).meta({ examples: [{ status: 'ok' }] });

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
        response: {
          200: jsonAnswer(statusBody.meta({ examples: [example] }), 'What it does.'),
          ...failures({}),
        },
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
        response: { 200: jsonAnswer(healthBody, 'It is well.'), ...failures({}) },
      },
    },
    async () => {
      sources.checkOutbox();
      return { status: 'ok' as const };
    },
  );
}
