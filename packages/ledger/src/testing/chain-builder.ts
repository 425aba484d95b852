// Makes chains for tests: readings, and mined, signed blocks of any leaves.
// It judges nothing, so that it can also make what a verifier must refuse.

import { type Block, signBlock } from '../block.ts';
import { utf8 } from '../bytes.ts';
import { ChainVerifier } from '../chain.ts';
import type { ChainFault } from '../chain-fault.ts';
import { encodeHeader, genesisHeader, type Header, headerHash, laneOf } from '../header.ts';
import type { PublicKey } from '../keys.ts';
import { encodeLeaf, LEAF_KIND, leafHash } from '../leaf.ts';
import { MerkleTree } from '../merkle.ts';
import { searchNonce } from '../proof-of-work.ts';
import type { SigningKey } from './signing-key.ts';

/** A reading with this exact message, signed by `by`. */
export function readingLeaf(reading: { by: SigningKey; message: string; receivedAtUs: number }): Uint8Array {
  const message = utf8(reading.message);
  const { key, sign } = reading.by;
  const { receivedAtUs } = reading;
  return encodeLeaf({ kind: LEAF_KIND.reading, ...key, receivedAtUs, signature: sign(message), message });
}

/** Makes the blocks of one ledger, one after the other, from genesis on. */
export class ChainBuilder {
  readonly blocks: Block[] = [];
  readonly origin: string;
  readonly ledger: SigningKey;
  private readonly tree = new MerkleTree();

  constructor(ledger: { origin: string; key: SigningKey; genesisAtUs: number }) {
    this.origin = ledger.origin;
    this.ledger = ledger.key;
    this.push(genesisHeader({ lane: laneOf(ledger.key.key.keyId), timestampUs: ledger.genesisAtUs }), []);
  }

  /** Mines and signs the next block. */
  seal(block: { leaves: readonly Uint8Array[]; timestampUs: number; difficultyBits: number }): this {
    for (const leaf of block.leaves) this.tree.append(leafHash(leaf));
    const { timestampUs, difficultyBits } = block;
    const previous = this.blocks.at(-1);
    if (!previous) throw new Error('a chain begins with genesis');
    const header: Header = {
      index: this.blocks.length,
      previousHash: headerHash(previous.header),
      timestampUs,
      lane: laneOf(this.ledger.key.keyId),
      logRoot: this.tree.root(),
      logSize: this.tree.size,
      difficultyBits,
      nonce: 0n,
    };
    return this.push(header, block.leaves);
  }

  private push(header: Header, leaves: readonly Uint8Array[]): this {
    const bytes = encodeHeader(header);
    const { difficultyBits } = header;
    // 2^32 tries are enough for any difficulty that a test can wait for.
    const nonce = searchNonce(bytes, { firstNonce: 0, endNonce: 2 ** 32, difficultyBits });
    if (nonce === undefined) throw new Error('no nonce meets the difficulty');
    const signature = signBlock({ origin: this.origin, hash: headerHash(bytes), sign: this.ledger.sign });
    this.blocks.push({ header: bytes, signature, leaves });
    return this;
  }
}

/** The fault that a verifier of this ledger finds in these blocks, all signatures included. */
export async function faultOf(
  blocks: readonly Block[],
  ledger: { origin: string; key: PublicKey },
): Promise<ChainFault | undefined> {
  const verifier = new ChainVerifier(ledger);
  for (const block of blocks) await verifier.addBlock(block);
  return verifier.settle();
}
