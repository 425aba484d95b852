// What a log says at the places that kept files speak of, gathered while the log streams by: memory grows with what was kept, not with the
// log.

import {
  decodeHeader,
  type ExportedBlock,
  equalBytes,
  Frontier,
  type Hash,
  type Header,
  leafHash,
  toHex,
  type VerifiedLeaf,
} from '@telltale/ledger';
import type { KeptExport, ReadBlock } from './kept-export.ts';
import type { KeptFiles } from './kept-files.ts';

export interface LogPlace {
  readonly leafHash: Hash;
  readonly transactionId: Hash;
  readonly receivedAtUs: number;
}

/**
 * Blocks of a kept export that differ from the log's and are remembered. The first that the ledger signed settles it; more are only of use
 * where the kept file was damaged in some of its blocks. A guess.
 */
const MAX_OTHERS = 100;

/** A kept block, and the header that stands at its index in the log. */
interface OtherBlock {
  readonly block: ReadBlock;
  readonly shown: Header;
}

export class LogExcerpt {
  private readonly wantedIndexes: ReadonlySet<number>;
  private readonly wantedHashes: ReadonlySet<string>;
  private readonly wantedSizes: ReadonlySet<number>;
  private readonly largestSize: number;
  private readonly places = new Map<number, LogPlace>();
  private readonly indexes = new Map<string, number>();
  private readonly roots = new Map<number, Hash>();
  private readonly others: ReadonlyMap<KeptExport, OtherBlock[]>;
  private readonly frontier = new Frontier();

  constructor({ receipts, checkpoints, proofs, exports }: KeptFiles) {
    this.wantedIndexes = new Set([
      ...receipts.map(({ receipt }) => receipt.leaf_index),
      ...proofs.map(({ proof }) => proof.leafIndex),
    ]);
    this.wantedHashes = new Set([
      ...receipts.map(({ receipt }) => receipt.leaf_hash),
      ...proofs.map(({ proof }) => toHex(leafHash(proof.leaf))),
    ]);
    this.others = new Map(exports.map((kept) => [kept, []]));
    this.wantedSizes = new Set(checkpoints.map(({ claim }) => claim.size));
    this.largestSize = checkpoints.reduce((largest, { claim }) => Math.max(largest, claim.size), 0);
    this.keepRoot();
  }

  /** Takes the next block, with all its leaves in their order. */
  take({ blockIndex, block, leaves }: ExportedBlock): void {
    for (const [kept, others] of this.others) {
      const keptBlock = kept.blocks.get(blockIndex);
      if (others.length === MAX_OTHERS || !keptBlock || equalBytes(keptBlock.header, block.header)) continue;
      const claim = decodeHeader(keptBlock.header);
      const shown = decodeHeader(block.header);
      if (claim.ok && shown.ok) others.push({ block: { ...keptBlock, claim: claim.value }, shown: shown.value });
    }
    for (const leaf of leaves) {
      if (this.wantedHashes.size > 0) this.keepPlace(leaf);
      if (this.frontier.size < this.largestSize) {
        this.frontier.append(leaf.leafHash);
        this.keepRoot();
      }
    }
  }

  /** The leaf at an index that a receipt or proof names; undefined where the log ends before it. */
  at(leafIndex: number): LogPlace | undefined {
    return this.places.get(leafIndex);
  }

  /** Where the leaf with this hash (hexadecimal) stands that a receipt or proof names; undefined: nowhere. */
  indexOf(leafHash: string): number | undefined {
    return this.indexes.get(leafHash);
  }

  /** The root of the log's first `size` leaves, for a size that a checkpoint names; undefined where the log is smaller. */
  rootAt(size: number): Hash | undefined {
    return this.roots.get(size);
  }

  /** The first blocks of a kept export that are not those of the log, in their order. */
  otherBlocks(kept: KeptExport): readonly OtherBlock[] {
    return this.others.get(kept) ?? [];
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
