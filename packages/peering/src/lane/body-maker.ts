// Makes the bodies of this ledger's blocks (block-body.ts of the ledger), one after another: the right edge of the log is kept from one block to
// the next, and asked for only where there is no next.

import { encodeBlockBody, Frontier, type Hash, leafHash, MAX_BLOCK_BODY_BYTES } from '@telltale/ledger';
import type { BlockReader, SealedBlock } from '@telltale/plugin';

/** Before the leaves: header, signature, log size and 53 peaks at most. */
const MOST_FIXED_BYTES = 116 + 64 + 8 + 53 * 32;
const LENGTH_BYTES = 2;

export class BodyMaker {
  private readonly blocks: Pick<BlockReader, 'peaks'>;
  /** The log before the next block, if the last body was of the block before it. */
  private edge: { readonly size: number; readonly peaks: readonly Hash[] } | undefined;

  constructor(blocks: Pick<BlockReader, 'peaks'>) {
    this.blocks = blocks;
  }

  /** The body; undefined if it is longer than the ring takes. Rejects with what the database throws. */
  async make(block: SealedBlock): Promise<Uint8Array | undefined> {
    const { firstLeafIndex, leaves } = block;
    const kept = this.edge?.size === firstLeafIndex ? this.edge.peaks : undefined;
    const peaks = kept ?? (await this.blocks.peaks(firstLeafIndex));
    this.edge = edgeAfter({ size: firstLeafIndex, peaks }, leaves);
    const sizeBytes = leaves.reduce((sum, leaf) => sum + leaf.length + LENGTH_BYTES, MOST_FIXED_BYTES);
    return sizeBytes > MAX_BLOCK_BODY_BYTES
      ? undefined
      : encodeBlockBody({ ...block, previousLogSize: firstLeafIndex, peaks });
  }
}

/** The roots of the whole subtrees after these leaves. */
function edgeAfter(
  before: { readonly size: number; readonly peaks: readonly Hash[] },
  leaves: readonly Uint8Array[],
): { size: number; peaks: Hash[] } {
  const frontier = new Frontier(before.size, before.peaks);
  for (const leaf of leaves) frontier.append(leafHash(leaf));
  return { size: frontier.size, peaks: frontier.subtrees() };
}
