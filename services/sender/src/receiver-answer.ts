// What a receiver's answer means for the messages of its request, whichever way it came. It checks the answer's form, not its truth:
// receipt-check.ts does that. Nothing here touches the outbox.

import { z } from 'zod';
import { retryAfterMs } from './backoff.ts';
import { type Exchange, REASON_LIMIT } from './receiver-http.ts';

const receiptSchema = z.looseObject({
  transaction_id: z.string(),
  leaf_index: z.int().nonnegative(),
  leaf_hash: z.string(),
  received_at: z.int().nonnegative(),
  seal_by: z.int().nonnegative(),
  position: z.int().nonnegative(),
  count: z.int().positive(),
  path: z.array(z.string()),
  signature: z.string(),
});
const acceptedSchema = z.object({ status: z.literal('success'), receipts: z.array(receiptSchema) });
const errorSchema = z.object({
  status: z.literal('error'),
  message: z.string(),
  errors: z.array(z.object({ position: z.int().nonnegative(), code: z.string(), message: z.string() })).optional(),
});

export type ReceivedReceipt = z.output<typeof receiptSchema>;

export type Refusal = Readonly<{ position: number; code: string; reason: string }>;

export type ReceiverAnswer =
  /** One receipt for each envelope, in order. */
  | { kind: 'accepted'; receipts: readonly ReceivedReceipt[] }
  /** The named positions (all below the number of envelopes, each once) are refused for good; the others were not looked at. */
  | { kind: 'refused'; refusals: readonly Refusal[] }
  /** The request as a whole is refused and nobody says which message is at fault. */
  | { kind: 'refused-whole'; code: string; reason: string }
  /** Nothing is known about the messages: try again. */
  | { kind: 'later'; reason: string; retryAfterMs: number | undefined };

/** @param at.count envelopes in the request */
export function readAnswer(
  answer: Extract<Exchange, { kind: 'answered' }>,
  at: { count: number; nowMs: number },
): ReceiverAnswer {
  const { status, json } = answer;
  const { count, nowMs } = at;
  const later = (reason: string): ReceiverAnswer => ({
    kind: 'later',
    reason: reason.slice(0, REASON_LIMIT),
    retryAfterMs: retryAfterMs(answer.retryAfter, nowMs),
  });
  if (status === 200) {
    const accepted = acceptedSchema.safeParse(json);
    if (!accepted.success) return later('the receiver answered 200 without receipts');
    const { receipts } = accepted.data;
    if (receipts.length === count) return { kind: 'accepted', receipts };
    return later(`the receiver gave ${receipts.length} receipts for ${count} messages`);
  }
  const error = errorSchema.safeParse(json);
  // A proxy may answer 413 in its own words, and no time will make the request smaller.
  if (status === 413 && !error.success) {
    return { kind: 'refused-whole', code: 'too-large', reason: 'the request is too large (413)' };
  }
  // Only the receiver's own words may cost a message its place: any web server says 400 or 403 to what it does not know.
  if (!error.success) return later(`the receiver answered ${status}`);
  const reason = error.data.message.slice(0, REASON_LIMIT);
  if (status !== 400 && status !== 403 && status !== 413) return later(`the receiver answered ${status}: ${reason}`);

  const refusals = new Map<number, Refusal>();
  for (const { position, code, message } of error.data.errors ?? []) {
    if (position >= count) return later(`the receiver refused message ${position} of ${count}`);
    refusals.set(position, { position, code, reason: message.slice(0, REASON_LIMIT) });
  }
  if (refusals.size > 0) return { kind: 'refused', refusals: [...refusals.values()] };
  if (status === 403) return later(`the receiver answered 403: ${reason}`);
  return { kind: 'refused-whole', code: status === 413 ? 'too-large' : 'refused', reason };
}
