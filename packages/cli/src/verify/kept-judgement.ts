// Kept receipts and checkpoints against a log: what the ledger once signed must be what its export says now. Each is believed only with the
// ledger's own signature. Source: format.md "Receipts and proofs".

import {
  type Checkpoint,
  createVerifier,
  type ExportVerdict,
  equalBytes,
  noteVerifierOf,
  openCheckpoint,
  type PublicKey,
  type ReceiptEntry,
  toBase64,
  toHex,
  verifyReceipt,
} from '@telltale/ledger';
import { utcTime } from '../utc-time.ts';
import type { KeptFiles } from './kept-files.ts';
import type { LogExcerpt } from './log-excerpt.ts';

/**
 * `contradiction`: the ledger signed two things that cannot both be true. `worthless`: the file proves nothing, for or against the ledger.
 * `open`: the export neither keeps nor breaks the promise.
 */
export interface KeptFinding {
  readonly kind: 'contradiction' | 'worthless' | 'open';
  readonly code: string;
  /** The file or files that it is about. */
  readonly name: string;
  readonly message: string;
}

export interface KeptJudgement {
  readonly receipts: number;
  readonly checkpoints: number;
  /** Whether the export was sound, so that its log could be compared with them. */
  readonly isCompared: boolean;
  readonly findings: readonly KeptFinding[];
}

interface SignedReceipt {
  readonly name: string;
  readonly entry: ReceiptEntry;
  readonly sealByUs: number;
}

interface SignedCheckpoint {
  readonly name: string;
  readonly checkpoint: Checkpoint;
}

/** `excerpt`: of the very log that the verdict is about. */
export async function judgeKept(at: {
  kept: KeptFiles;
  excerpt: LogExcerpt;
  verdict: ExportVerdict;
}): Promise<KeptJudgement> {
  const { kept, excerpt, verdict } = at;
  const { origin, key, isSound } = verdict;
  const findings: KeptFinding[] = [];
  if (origin !== undefined && key) {
    const { receipts, checkpoints, unsigned } = await sift(kept, { origin, key });
    findings.push(...receiptsAtOdds(receipts), ...checkpointsAtOdds(checkpoints));
    if (isSound) {
      findings.push(...receipts.flatMap((one) => judgeReceipt(one, { excerpt, verdict })));
      findings.push(...checkpoints.flatMap((one) => judgeCheckpoint(one, { excerpt, verdict })));
    }
    findings.push(...unsigned);
  }
  return {
    receipts: kept.receipts.length,
    checkpoints: kept.checkpoints.length,
    isCompared: isSound,
    findings,
  };
}

/** Parts what the ledger signed from what it did not. */
async function sift(kept: KeptFiles, ledger: { origin: string; key: PublicKey }) {
  const { origin, key } = ledger;
  const verify = createVerifier(key);
  const noteVerifier = noteVerifierOf({ name: origin, key });
  // The export was read with this key: one that cannot be used was refused there.
  if (!verify.ok || !noteVerifier.ok) throw new Error('the key of a verified export cannot be used');
  const receipts: SignedReceipt[] = [];
  const checkpoints: SignedCheckpoint[] = [];
  const unsigned: KeptFinding[] = [];
  for (const { name, receipt } of kept.receipts) {
    const checked = await verifyReceipt({ origin, verify: verify.value, receipt });
    if (checked.ok) receipts.push({ name, entry: checked.value, sealByUs: receipt.seal_by });
    else unsigned.push({ kind: 'worthless', code: checked.code, name, message: notSigned(checked.message) });
  }
  for (const { name, note } of kept.checkpoints) {
    const opened = await openCheckpoint(note, noteVerifier.value);
    if (opened.ok) checkpoints.push({ name, checkpoint: opened.value });
    else unsigned.push({ kind: 'worthless', code: opened.code, name, message: notSigned(opened.message) });
  }
  return { receipts, checkpoints, unsigned };
}

function notSigned(why: string): string {
  return `this ledger’s key did not sign it as it stands, so it proves nothing, for or against the ledger: ${why}`;
}

function receiptsAtOdds(receipts: readonly SignedReceipt[]): KeptFinding[] {
  const first = new Map<number, SignedReceipt>();
  const findings: KeptFinding[] = [];
  for (const one of receipts) {
    const { leafIndex, leafHash } = one.entry;
    const other = first.get(leafIndex);
    if (!other) first.set(leafIndex, one);
    if (!other || equalBytes(other.entry.leafHash, leafHash)) continue;
    const message = `the ledger signed two receipts for leaf ${leafIndex}, for two different transactions (${toHex(other.entry.leafHash)} and ${toHex(leafHash)}): it promised one place twice`;
    findings.push(contradiction('receipts-at-odds', `${other.name} and ${one.name}`, message));
  }
  return findings;
}

function checkpointsAtOdds(checkpoints: readonly SignedCheckpoint[]): KeptFinding[] {
  const first = new Map<number, SignedCheckpoint>();
  const findings: KeptFinding[] = [];
  for (const one of checkpoints) {
    const { size, root } = one.checkpoint;
    const other = first.get(size);
    if (!other) first.set(size, one);
    if (!other || equalBytes(other.checkpoint.root, root)) continue;
    const message = `the ledger signed two checkpoints of ${size} transactions with different roots (${toBase64(other.checkpoint.root)} and ${toBase64(root)}): it shows different histories to different people`;
    findings.push(contradiction('checkpoints-at-odds', `${other.name} and ${one.name}`, message));
  }
  return findings;
}

function judgeReceipt(
  { name, entry, sealByUs }: SignedReceipt,
  { excerpt, verdict }: { excerpt: LogExcerpt; verdict: ExportVerdict },
): KeptFinding[] {
  const { leafIndex, leafHash, receivedAtUs, transactionId } = entry;
  const place = excerpt.at(leafIndex);
  if (!place) return judgeMissing({ name, leafIndex, sealByUs }, verdict);
  if (!equalBytes(place.leafHash, leafHash)) {
    const elsewhere = excerpt.indexOf(toHex(leafHash));
    const where = elsewhere === undefined ? 'appears nowhere in the log' : `stands at ${elsewhere} instead`;
    const message = `the ledger promised leaf ${leafIndex} to transaction ${toHex(transactionId)}, another transaction stands there (${toHex(place.transactionId)}), and the promised one ${where}: history was rewritten, or the promise was never kept`;
    return [contradiction('receipt-other-leaf', name, message)];
  }
  if (place.receivedAtUs !== receivedAtUs) {
    const message = `the receipt says that leaf ${leafIndex} was received ${utcTime(receivedAtUs)}, and the log says ${utcTime(place.receivedAtUs)}`;
    return [contradiction('receipt-time', name, message)];
  }
  if (!equalBytes(place.transactionId, transactionId)) {
    const message = `leaf ${leafIndex} is in the log as the receipt says, but it is transaction ${toHex(place.transactionId)} and not the one that the receipt names. The ledger’s signature does not cover that name: the file was changed, or the receipt was given for another reading`;
    return [{ kind: 'worthless', code: 'receipt-transaction', name, message }];
  }
  return [];
}

/** A receipt for a place behind the end of the export. The times of blocks are the ledger's own: by them it keeps its word or breaks it. */
function judgeMissing(
  { name, leafIndex, sealByUs }: { name: string; leafIndex: number; sealByUs: number },
  { summary }: ExportVerdict,
): KeptFinding[] {
  const { head, leaves } = summary;
  const missing = `leaf ${leafIndex} is not in this export, which ends after ${leaves} transactions`;
  if (sealByUs === 0) {
    const message = `${missing}. The receipt promises no time: check it again with a newer export`;
    return [{ kind: 'open', code: 'receipt-not-yet', name, message }];
  }
  const newest = head ? utcTime(head.timestampUs) : 'unknown';
  if (head && head.timestampUs > sealByUs) {
    const message = `${missing}. The ledger promised it by ${utcTime(sealByUs)}, and its newest block is of ${newest}: it broke its promise`;
    return [contradiction('receipt-overdue', name, message)];
  }
  const message = `${missing}. It is promised by ${utcTime(sealByUs)}, and the newest block is of ${newest}: check it again with an export from after the promised time`;
  return [{ kind: 'open', code: 'receipt-not-yet', name, message }];
}

function judgeCheckpoint(
  { name, checkpoint }: SignedCheckpoint,
  { excerpt, verdict }: { excerpt: LogExcerpt; verdict: ExportVerdict },
): KeptFinding[] {
  const { size, root } = checkpoint;
  const ours = excerpt.rootAt(size);
  if (!ours) {
    const message = `the ledger signed a log of ${size} transactions, and this export ends after ${verdict.summary.leaves}: unless the export was made before the checkpoint, history was rewritten or its end removed`;
    return [contradiction('checkpoint-beyond', name, message)];
  }
  if (equalBytes(ours, root)) return [];
  const message = `history was rewritten: the first ${size} transactions of this export have root ${toBase64(ours)}, and the ledger signed ${toBase64(root)} for them`;
  return [contradiction('checkpoint-other-history', name, message)];
}

function contradiction(code: string, name: string, message: string): KeptFinding {
  return { kind: 'contradiction', code, name, message };
}
