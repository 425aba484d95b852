// Sealed blocks as plugins see them.

import type { Block, Hash } from '@telltale/ledger';

/** A sealed block of this ledger, whole. Nothing in it is verified again: it is what this receiver's database holds. */
export interface SealedBlock extends Block {
  /** Height; genesis is 0. */
  readonly blockIndex: number;
  /** SHA-256 of the header. */
  readonly hash: Hash;
  /** Index of the first of its leaves: the log_size of the block before. Genesis has no leaves. */
  readonly firstLeafIndex: number;
  /** Leaves of the log up to and including this block's: the index behind its last. */
  readonly logSize: number;
}

/** Reads the sealed chain of this ledger. Everything here but `head` may throw what the database throws. */
export interface BlockReader {
  /** The newest block that this receiver knows of. */
  head(): { readonly blockIndex: number; readonly hash: Hash; readonly logSize: number };
  /**
   * The blocks from index `start` on, in order: at most `limit`, as many of the first as fit about 1 MB of leaves, at least one if there is any.
   * Throws where a block or a leaf is not stored.
   */
  page(range: { start: number; limit: number }): Promise<SealedBlock[]>;
  /**
   * The roots of the whole subtrees that the first `logSize` leaves split into, largest first: `new Frontier(logSize, peaks)` goes on from there.
   * `logSize` is that of a sealed block.
   */
  peaks(logSize: number): Promise<Hash[]>;
}
