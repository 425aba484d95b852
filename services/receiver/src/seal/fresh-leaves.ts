// Leaves that this receiver has just made durable, on their way to its sealer, which then need not read them back. They follow each other
// without a gap; where another receiver accepted some in between, the sealer reads those from the database. A cache only.

import type { HashedLeaf } from './hashed-leaf.ts';

/** Sequence numbers of lists kept: 8 MB. A guess: a list of readings may have thousands, and the database has them too. */
const MAX_SEQS = 1_000_000;
/** Leaves kept: about 400 bytes each. Whoever seals takes them at once; a receiver that does not seal keeps only the newest. A guess. */
const MAX_LEAVES = 16_384;

export class FreshLeaves {
  private leaves: HashedLeaf[] = [];
  private seqs = 0;

  get count(): number {
    return this.leaves.length;
  }

  /** Takes leaves whose transaction is committed, in the order of the log. */
  add(leaves: readonly HashedLeaf[]): void {
    if (leaves.length === 0) return;
    const next = (this.leaves.at(-1)?.leafIndex ?? -1) + 1;
    const isFull = this.leaves.length + leaves.length > MAX_LEAVES || this.seqs > MAX_SEQS;
    if (leaves[0]?.leafIndex !== next || isFull) this.forget();
    for (const leaf of leaves) {
      this.leaves.push(leaf);
      this.seqs += leaf.reading?.seqs?.length ?? 0;
    }
  }

  /** Gives the leaves from this index on, and forgets all. None where the first of them is not here. */
  takeFrom(leafIndex: number): readonly HashedLeaf[] {
    const { leaves } = this;
    this.forget();
    const first = leaves[0]?.leafIndex ?? Number.POSITIVE_INFINITY;
    return first <= leafIndex ? leaves.slice(leafIndex - first) : [];
  }

  private forget(): void {
    this.leaves = [];
    this.seqs = 0;
  }
}
