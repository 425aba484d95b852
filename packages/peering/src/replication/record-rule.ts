// Which records stay under one key when another comes: the one rule that every store follows, so that replicas end with the same records
// in whatever order they arrive. Pure; the signatures were verified before.

import { equalBytes } from '@telltale/ledger';
import type { SignedRecord } from './signed-record.ts';

/**
 * Owners that may have records under one key. Bounds what strangers can pile up beside the record that is looked for: a lane's own height
 * takes only the lane's key, a header hash is not known before its block. A guess.
 */
const MAX_OWNERS_PER_KEY = 16;
/** Two different statements of one owner about one block prove its equivocation; a third adds nothing. */
const MAX_CONFLICTING = 2;

/** `present`: nothing changes. `superseded`: what is kept counts more. `full`: too many owners. */
export interface Placement {
  readonly outcome: 'new' | 'present' | 'superseded' | 'full';
  /** Records that make room for the new one. */
  readonly replaced: readonly SignedRecord[];
  /** The owner has said two things about one block: both are kept, as evidence. */
  readonly isEquivocation: boolean;
}

/**
 * Where a record goes among those that stand under its key. Of one owner and name: kind 'chunk' keeps the highest version, at a tie the
 * smaller bytes; kind 'block' keeps the two with the smallest bytes, so that replicas agree which.
 */
export function placeRecord(standing: readonly SignedRecord[], record: SignedRecord): Placement {
  if (standing.some((other) => other.id === record.id)) return placed('present');
  const rivals = standing.filter((other) => isSameSlot(other, record));
  const ordered = [...rivals, record].toSorted(byRank);
  const kept = ordered.slice(0, record.kind === 'block' ? MAX_CONFLICTING : 1);
  if (!kept.includes(record)) return placed('superseded');
  const owners = new Set([...standing, record].map(({ owner }) => Buffer.from(owner).toString('hex')));
  if (rivals.length === 0 && owners.size > MAX_OWNERS_PER_KEY) return placed('full');
  const replaced = rivals.filter((other) => !kept.includes(other));
  return { outcome: 'new', replaced, isEquivocation: kept.length > 1 };
}

/** The records that count among these, all under one key: what a reader of several replicas merges them to. */
export function mergeRecords(records: readonly SignedRecord[]): SignedRecord[] {
  let merged: SignedRecord[] = [];
  for (const record of records) {
    const { outcome, replaced } = placeRecord(merged, record);
    if (outcome === 'new') merged = [...merged.filter((other) => !replaced.includes(other)), record];
  }
  return merged;
}

function placed(outcome: Placement['outcome']): Placement {
  return { outcome, replaced: [], isEquivocation: false };
}

function isSameSlot(a: SignedRecord, b: SignedRecord): boolean {
  return a.kind === b.kind && equalBytes(a.owner, b.owner) && equalBytes(a.name, b.name);
}

function byRank(a: SignedRecord, b: SignedRecord): number {
  return b.version - a.version || Buffer.compare(a.bytes, b.bytes);
}
