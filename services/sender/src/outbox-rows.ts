// Rows of the outbox's tables as SQLite gives them, checked and named. The SQL stands in outbox.ts and enrolment-store.ts.

import { type AlgorithmId, asKeyId, toHex } from '@telltale/ledger';
import { z } from 'zod';
import type { DeadLetter, OutboxCounts, OutboxMessage } from './outbox.ts';

const countsRow = z.object({
  waiting: z.number(),
  dead_letters: z.number(),
  delivered: z.number(),
});
const messageRow = z.object({
  id: z.number(),
  transaction_id: z.instanceof(Uint8Array),
  message: z.instanceof(Uint8Array),
  signature: z.instanceof(Uint8Array),
  key_id: z.instanceof(Uint8Array),
  algorithm: z.custom<AlgorithmId>((value) => value === 1 || value === 2 || value === 3),
  public_key: z.string(),
  postponed: z.number(),
  unmatched_receipts: z.number(),
});
const deadLetterRow = z.object({
  id: z.number(),
  transaction_id: z.instanceof(Uint8Array),
  code: z.string(),
  reason: z.string(),
  refused_at_us: z.number(),
  receipt: z.string().nullable(),
});
export const numberRow = z.object({ value: z.number() });
export const receiptRow = z.object({ receipt: z.string() });
const enrolmentRow = z.object({ devices: z.string() });
const deviceNames = z.array(z.string());

export function toCounts(row: unknown): OutboxCounts {
  const parsed = countsRow.parse(row);
  return { waiting: parsed.waiting, deadLetters: parsed.dead_letters, delivered: parsed.delivered };
}

export function toDeadLetter(row: unknown): DeadLetter {
  const parsed = deadLetterRow.parse(row);
  return {
    id: parsed.id,
    transactionIdHex: toHex(parsed.transaction_id),
    code: parsed.code,
    reason: parsed.reason,
    refusedAtUs: parsed.refused_at_us,
    receiptJson: parsed.receipt ?? undefined,
  };
}

export function toMessage(row: unknown): OutboxMessage {
  const parsed = messageRow.parse(row);
  return {
    id: parsed.id,
    transactionIdHex: toHex(parsed.transaction_id),
    message: parsed.message,
    signature: parsed.signature,
    key: { keyId: asKeyId(parsed.key_id), algorithm: parsed.algorithm, publicKeyPem: parsed.public_key },
    postponements: parsed.postponed,
    unmatchedReceipts: parsed.unmatched_receipts,
  };
}

export function toEnrolledDevices(row: unknown): string[] {
  return deviceNames.parse(JSON.parse(enrolmentRow.parse(row).devices));
}
