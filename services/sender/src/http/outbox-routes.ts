// /v1: receipts and dead letters, for people and auditors. Errors are RFC 9457 problem+json; pages are keyset pages with a Link header.

import { hashFromHex } from '@telltale/ledger';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Outbox } from '../outbox.ts';
import { jsonAnswer, problems } from './answers.ts';
import { problem } from './problem.ts';

/** Dead letters of one page. A guess at what one screen of work is. */
const PAGE_MAX = 1000;
const PAGE_DEFAULT = 100;

/** Of the examples. */
const TRANSACTION_ID = '6d1b1f5a5e0f7f4a0d2f2d1c1f6d4c0a7b0e9f3b8d5a4c6e1f0a9b8c7d6e5f40';

export const transactionId = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits')
  .meta({ description: 'SHA-256 over the key id and the message.', examples: [TRANSACTION_ID] });

export const receiptBody = z
  .looseObject({ transaction_id: z.string() })
  .meta({ examples: [{ transaction_id: TRANSACTION_ID, leaf_index: 41, signature: 'c2lnbmF0dXJl' }] });
export const beforeLetter = z.coerce.number().int().min(1).describe('Only those with a smaller id.');

const deadLetterBody = z.object({
  id: z.number(),
  transaction_id: z.string(),
  code: z.string(),
  reason: z.string(),
  refused_at: z.number().describe('Microseconds since the Unix epoch.'),
  receipt: receiptBody.nullable().describe('The last receipt that was of another leaf than this message, or null.'),
});
export const deadLettersBody = z.array(deadLetterBody).meta({
  examples: [
    [
      {
        id: 3,
        transaction_id: TRANSACTION_ID,
        code: 'key-unknown',
        reason: 'the key is not enrolled',
        refused_at: 1_767_225_600_123_456,
        receipt: null,
      },
    ],
  ],
});
export const retriedBody = z.object({ retried: z.number() }).meta({ examples: [{ retried: 3 }] });

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
        params: z.object({
          transaction_id: transactionId,
        }),
        response: {
          200: jsonAnswer(receiptBody, 'As the receiver gave it.'),
          ...problems({
            400: 'transaction_id: must be 64 hexadecimal digits',
            404: 'no receipt of this transaction is kept here',
          }),
        },
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
        description: 'While there may be more, `Link: <…>; rel="next"` (RFC 8288) names the next page.',
        tags: ['outbox'],
        querystring: z.object({
          before: beforeLetter.optional(),
          limit: z.coerce
            .number()
            .int()
            .min(1)
            .max(PAGE_MAX)
            .default(PAGE_DEFAULT)
            .describe('Items of the page, at most; 100 where it is not given.'),
        }),
        response: {
          200: jsonAnswer(deadLettersBody, 'A page of them.'),
          ...problems({ 400: 'limit: Too small: expected number to be >=1' }),
        },
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
        response: { 200: jsonAnswer(retriedBody, 'How many are sent again.'), ...problems({}) },
      },
    },
    async () => {
      const retried = outbox.retryDeadLetters();
      onRetry();
      return { retried };
    },
  );
}
