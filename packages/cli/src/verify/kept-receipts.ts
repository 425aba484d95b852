// Kept receipts and proofs against a log: the place that the ledger promised to a transaction, or proved for it, must be its place.
// Source: format.md "Receipts and proofs".

import { type ExportVerdict, equalBytes, type Hash, type ReceiptEntry, toHex } from '@telltale/ledger';
import { utcTime } from '../utc-time.ts';
import { contradiction, type KeptFinding } from './kept-finding.ts';
import type { LogExcerpt } from './log-excerpt.ts';

/** The ledger's signature over it was checked. */
export interface SignedReceipt {
  readonly name: string;
  readonly entry: ReceiptEntry;
  readonly sealByUs: number;
}

/** Leads to a checkpoint that the ledger signed. */
export interface SignedProof {
  readonly name: string;
  readonly leafIndex: number;
  readonly leafHash: Hash;
  readonly transactionId: Hash;
}

/** Two receipts for one place, whatever the log says. */
export function receiptsAtOdds(receipts: readonly SignedReceipt[]): KeptFinding[] {
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

export function judgeReceipt(
  { name, entry, sealByUs }: SignedReceipt,
  { excerpt, verdict }: { excerpt: LogExcerpt; verdict: ExportVerdict },
): KeptFinding[] {
  const { leafIndex, leafHash, receivedAtUs, transactionId } = entry;
  const place = excerpt.at(leafIndex);
  if (!place) return judgeMissing({ name, leafIndex, sealByUs }, verdict);
  if (!equalBytes(place.leafHash, leafHash)) {
    const message = `the ledger promised leaf ${leafIndex} to transaction ${toHex(transactionId)}, another transaction stands there (${toHex(place.transactionId)}), and the promised one ${whereElse(excerpt, leafHash)}: history was rewritten, or the promise was never kept`;
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

/** That the log is too short for it is told of its checkpoint. */
export function judgeProof(
  { name, leafIndex, leafHash, transactionId }: SignedProof,
  excerpt: LogExcerpt,
): KeptFinding[] {
  const place = excerpt.at(leafIndex);
  if (!place || equalBytes(place.leafHash, leafHash)) return [];
  const message = `the ledger proved that leaf ${leafIndex} is transaction ${toHex(transactionId)}, another transaction stands there now (${toHex(place.transactionId)}), and the proven one ${whereElse(excerpt, leafHash)}: history was rewritten`;
  return [contradiction('proof-other-leaf', name, message)];
}

function whereElse(excerpt: LogExcerpt, leafHash: Hash): string {
  const elsewhere = excerpt.indexOf(toHex(leafHash));
  return elsewhere === undefined ? 'appears nowhere in the log' : `stands at ${elsewhere} instead`;
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
