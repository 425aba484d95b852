// A sealed block as it is stored and exported: header, the ledger's signature over its hash, and its leaves. Source: format.md.

import type { Hash } from './hash.ts';
import type { Signer, Verifier } from './signature.ts';
import { blockText } from './signed-text.ts';

/** A block as an export and a receiver hand it out. Source: format.md "Block header". */
export interface Block {
  /** 116 bytes. */
  readonly header: Uint8Array;
  /** 64 bytes: the ledger's key over `blockText`. */
  readonly signature: Uint8Array;
  /** The leaves from the previous block's log_size up to this one's. */
  readonly leaves: readonly Uint8Array[];
}

/** The block signature: the ledger's key over `telltale-block-v1\n<origin>\n<hash hex>\n`. */
export function signBlock(block: { origin: string; hash: Hash; sign: Signer }): Uint8Array {
  return block.sign(blockText(block));
}

/** Whether the ledger with this origin and key signed the block with this hash. */
export function verifyBlockSignature(block: {
  origin: string;
  hash: Hash;
  signature: Uint8Array;
  verify: Verifier;
}): Promise<boolean> {
  return block.verify(blockText(block), block.signature);
}
