// /v1: receipts and dead letters, for people and auditors. Errors are RFC 9457 problem+json; pages are keyset pages with a Link header.

import { hashFromHex } from '@telltale/ledger';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Outbox } from '../outbox.ts';
import { problem } from './problem.ts';

/** Dead letters of one page. A guess at what one screen of work is. */
const PAGE_MAX = 1000;
const PAGE_DEFAULT = 100;

const problemBody = z.object({ type: z.string(), title: z.string(), status: z.number(), detail: z.string() });
const receiptBody = z.looseObject({ transaction_id: z.string() });
const deadLettersBody = z.array(
  z.object({
    id: z.number(),
    transaction_id: z.string(),
    code: z.string(),
    reason: z.string(),
    refused_at: z.number().describe('Microseconds since the Unix epoch.'),
    receipt: receiptBody.nullable().describe('The last receipt that was of another leaf than this message, or null.'),
  }),
);

export function registerOutboxRoutes(
  server: FastifyInstance,
  outbox: Outbox,
  /** Called when messages were put back and delivery may go on. */
  onRetry: () => void,
): void {
  const routes = server.withTypeProvider<ZodTypeProvider>();
  routes.get(
    '/v1/receipts/:transaction_id',
    {
      schema: {
        summary: 'The receipt of a delivered message',
        tags: ['outbox'],
        params: z.object({ transaction_id: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits') }),
        response: { 200: receiptBody, 404: problemBody },
      },
    },
    async (request, reply) => {
      const transactionId = hashFromHex(request.params.transaction_id);
      const receiptJson = transactionId && outbox.receiptOf(transactionId);
      if (receiptJson === undefined) {
        return problem(reply, { status: 404, detail: 'no receipt of this transaction is kept here' });
      }
      return receiptBody.parse(JSON.parse(receiptJson));
    },
  );
  routes.get(
    '/v1/dead-letters',
    {
      schema: {
        summary: 'Messages that the receiver refused for good, or whose receipts never matched, newest first',
        tags: ['outbox'],
        querystring: z.object({
          before: z.coerce.number().int().min(1).optional().describe('Only those with a smaller id.'),
          limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
        }),
        response: { 200: deadLettersBody, 400: problemBody },
      },
    },
    async (request, reply) => {
      const { before = Number.MAX_SAFE_INTEGER, limit } = request.query;
      const letters = outbox.deadLetters({ before, limit });
      const last = letters.at(-1);
      if (last !== undefined && letters.length === limit) {
        reply.header('link', `</v1/dead-letters?before=${last.id}&limit=${limit}>; rel="next"`);
      }
      return letters.map(({ id, transactionIdHex, code, reason, refusedAtUs, receiptJson }) => ({
        id,
        transaction_id: transactionIdHex,
        code,
        reason,
        refused_at: refusedAtUs,
        receipt: receiptJson === undefined ? null : receiptBody.parse(JSON.parse(receiptJson)),
      }));
    },
  );
  routes.post(
    '/v1/dead-letters/retry',
    {
      schema: {
        summary: 'Send all dead letters again, for example after the key was enrolled',
        tags: ['outbox'],
        response: { 200: z.object({ retried: z.number() }) },
      },
    },
    async () => {
      const retried = outbox.retryDeadLetters();
      onRetry();
      return { retried };
    },
  );
}
