// What a log says at the places that kept receipts and checkpoints speak of, gathered while the log streams by: memory grows with what was
// kept, not with the log.

import { Frontier, type Hash, toHex, type VerifiedLeaf } from '@telltale/ledger';
import type { KeptFiles } from './kept-files.ts';

export interface LogPlace {
  readonly leafHash: Hash;
  readonly transactionId: Hash;
  readonly receivedAtUs: number;
}

export class LogExcerpt {
  private readonly wantedIndexes: ReadonlySet<number>;
  private readonly wantedHashes: ReadonlySet<string>;
  private readonly wantedSizes: ReadonlySet<number>;
  private readonly largestSize: number;
  private readonly places = new Map<number, LogPlace>();
  private readonly indexes = new Map<string, number>();
  private readonly roots = new Map<number, Hash>();
  private readonly frontier = new Frontier();

  constructor({ receipts, checkpoints }: KeptFiles) {
    this.wantedIndexes = new Set(receipts.map(({ receipt }) => receipt.leaf_index));
    this.wantedHashes = new Set(receipts.map(({ receipt }) => receipt.leaf_hash));
    this.wantedSizes = new Set(checkpoints.map(({ claim }) => claim.size));
    this.largestSize = checkpoints.reduce((largest, { claim }) => Math.max(largest, claim.size), 0);
    this.keepRoot();
  }

  /** Takes the leaves of the next block, all of them and in their order. */
  take(leaves: readonly VerifiedLeaf[]): void {
    for (const leaf of leaves) {
      if (this.wantedHashes.size > 0) this.keepPlace(leaf);
      if (this.frontier.size < this.largestSize) {
        this.frontier.append(leaf.leafHash);
        this.keepRoot();
      }
    }
  }

  /** The leaf at an index that a receipt names; undefined where the log ends before it. */
  at(leafIndex: number): LogPlace | undefined {
    return this.places.get(leafIndex);
  }

  /** Where the leaf with this hash (hexadecimal) stands that a receipt names; undefined: nowhere. */
  indexOf(leafHash: string): number | undefined {
    return this.indexes.get(leafHash);
  }

  /** The root of the log's first `size` leaves, for a size that a checkpoint names; undefined where the log is smaller. */
  rootAt(size: number): Hash | undefined {
    return this.roots.get(size);
  }

  private keepPlace({ leafIndex, leafHash, transactionId, leaf }: VerifiedLeaf): void {
    if (this.wantedIndexes.has(leafIndex)) {
      this.places.set(leafIndex, { leafHash, transactionId, receivedAtUs: leaf.receivedAtUs });
    }
    const hex = toHex(leafHash);
    if (this.wantedHashes.has(hex)) this.indexes.set(hex, leafIndex);
  }

  private keepRoot(): void {
    if (this.wantedSizes.has(this.frontier.size)) this.roots.set(this.frontier.size, this.frontier.root());
  }
}
