// What one answer with receipts settles, message by message: delivered, kept back, or given up. It decides only; delivery.ts sends
// and outbox.ts writes.

import type { OutboxMessage, Settlement } from './outbox.ts';
import type { ReceiptCheck } from './receipt-check.ts';
import type { ReceivedReceipt } from './receiver-answer.ts';

/**
 * Answers with the receipt of something else before a message is given up. They are answers in different rounds, with rests of seconds
 * between them: one could be a fault of the receiver that passes. Five is a guess; a ledger never changes a leaf, so more would not help.
 */
const UNMATCHED_RECEIPTS_LIMIT = 5;

export type JudgedReceipts = Readonly<{
  settlement: Settlement;
  /** Code of the last receipt that did not pass; undefined when all did. */
  fault: string | undefined;
  /** The most often that any message of this answer was postponed, this time included; 0 when none was. */
  postponements: number;
  /** A receipt failed that did not fail for its message before. */
  isFaultNew: boolean;
  /** A message was delivered, given up, or brought nearer to that. */
  hasProgress: boolean;
}>;

/** @param answer.receipts one for each message of the batch, in its order */
export async function judgeReceipts(answer: {
  batch: readonly OutboxMessage[];
  receipts: readonly ReceivedReceipt[];
  checkReceipt: ReceiptCheck;
}): Promise<JudgedReceipts> {
  const receipted: Settlement['receipted'][number][] = [];
  const refused: Settlement['refused'][number][] = [];
  const postponed: OutboxMessage[] = [];
  const unmatched: Settlement['unmatched'][number][] = [];
  let fault: string | undefined;
  let isFaultNew = false;
  for (const [position, message] of answer.batch.entries()) {
    const receipt = answer.receipts[position];
    if (receipt === undefined) throw new Error('an accepted answer has one receipt for each message');
    const verdict = await answer.checkReceipt(message, receipt);
    const receiptJson = JSON.stringify(receipt);
    if (verdict.kind === 'passed') {
      receipted.push({ message, receiptJson });
      continue;
    }
    fault = verdict.code;
    isFaultNew ||= message.postponements === 0;
    // A receipt that cannot be trusted says nothing of the message (LEDGER_PUBLIC_KEY may be wrong), so it never costs its place.
    if (verdict.kind === 'unmatched') unmatched.push({ message, receiptJson });
    const answers = message.unmatchedReceipts + 1;
    if (verdict.kind === 'unmatched' && answers >= UNMATCHED_RECEIPTS_LIMIT) {
      refused.push({ message, code: 'receipt-unmatched', reason: unmatchedReason(answers, verdict.code) });
    } else {
      postponed.push(message);
    }
  }
  return {
    settlement: { receipted, refused, postponed, unmatched },
    fault,
    isFaultNew,
    postponements: postponed.reduce((most, message) => Math.max(most, message.postponements + 1), 0),
    hasProgress: receipted.length + unmatched.length > 0,
  };
}

function unmatchedReason(answers: number, code: string): string {
  return (
    `${answers} receipts were not for this message as it was signed here (${code}). ` +
    'Most likely the same bytes were signed before with this key, and the ledger holds that first signature'
  );
}
