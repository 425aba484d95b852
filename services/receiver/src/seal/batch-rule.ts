// Which pending leaves make the next blocks, and when. A pure rule: no clock of its own, no I/O. Source: format.md "Kinds 2 and 3".

import { LEAF_KIND, type LeafKind } from '@telltale/ledger';

export interface PendingLeaf {
  readonly kind: LeafKind;
  readonly receivedAtUs: number;
}

export interface BatchRule {
  readonly transactionsPerBlock: number;
  /** 0: a block waits for its last reading for ever, as liotbchain's did. */
  readonly blockMaxWaitMs: number;
}

export interface Batches {
  /** Number of leaves in each block that is due now, in order. */
  readonly sizes: readonly number[];
  /** When the leaves left over are due, if nothing comes. */
  readonly dueAtUs?: number;
}

/** Leaves of keys alone do not wait for a reading longer than this (format.md). */
const REGISTRY_MAX_WAIT_MS = 5_000;

/**
 * Splits the pending leaves, oldest first, into at most `maxBlocks`: a block ends right after its transactionsPerBlock-th reading; the rest
 * waits or is due.
 */
export function batch(
  pending: readonly PendingLeaf[],
  rule: BatchRule & { nowUs: number; maxBlocks: number },
): Batches {
  const sizes: number[] = [];
  let start = 0;
  let readings = 0;
  for (const [i, { kind }] of pending.entries()) {
    if (kind !== LEAF_KIND.reading) continue;
    readings++;
    if (readings < rule.transactionsPerBlock) continue;
    sizes.push(i + 1 - start);
    if (sizes.length === rule.maxBlocks) return { sizes };
    start = i + 1;
    readings = 0;
  }
  const oldest = pending[start];
  if (!oldest) return { sizes };
  const maxWaitMs = readings > 0 ? rule.blockMaxWaitMs : REGISTRY_MAX_WAIT_MS;
  if (maxWaitMs === 0) return { sizes };
  const dueAtUs = oldest.receivedAtUs + maxWaitMs * 1000;
  // received_at never decreases along the log, so after the clock was set back it lies ahead: nobody waits for that.
  const isAhead = oldest.receivedAtUs > rule.nowUs;
  if (dueAtUs > rule.nowUs && !isAhead) return { sizes, dueAtUs };
  return { sizes: [...sizes, pending.length - start] };
}
