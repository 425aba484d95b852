// The golden vectors of ledger format v1, made by a separate implementation, and the chain that they describe.
// Data for tests only. Source: test/vectors/format-v1.json.

import { readFileSync } from 'node:fs';
import type { Block } from '../block.ts';
import { fromHex } from '../bytes.ts';
import { asHash, type Hash } from '../hash.ts';
import type { AlgorithmId } from '../keys.ts';
import type { LeafKind } from '../leaf.ts';
import { type SigningKey, signingKeyOf } from './signing-key.ts';

interface GoldenKey {
  readonly ed25519_seed: string;
  readonly spki_der: string;
  readonly key_id: string;
}

interface GoldenLeaf {
  readonly index: number;
  readonly kind: LeafKind;
  readonly message: string;
  /** Of readings only; the signature of a registry leaf stands in `leaf`. */
  readonly signature?: string;
  readonly signed_text?: string;
  readonly possession_text?: string;
  readonly received_at: number;
  readonly leaf: string;
  readonly leaf_hash: string;
  readonly transaction_id: string;
}

interface GoldenBlock {
  readonly header: string;
  readonly hash: string;
  readonly signed_text: string;
  readonly signature: string;
  readonly data?: string;
  readonly difficulty?: number;
  readonly nonce?: number;
  readonly first_leaf?: number;
  readonly log_size: number;
}

/** The file as it stands: byte strings as hexadecimal. */
interface GoldenVectors {
  readonly origin: string;
  readonly device: GoldenKey;
  readonly ledger: GoldenKey & { readonly lane: string };
  readonly rotated_to: GoldenKey;
  readonly leaves: readonly GoldenLeaf[];
  readonly log_roots: readonly string[];
  readonly blocks: readonly GoldenBlock[];
  readonly receipt: {
    readonly lines: readonly string[];
    readonly root: string;
    readonly signed_text: string;
    readonly signature: string;
    readonly paths: readonly (readonly string[])[];
  };
  readonly checkpoint: { readonly note: string; readonly verifier_key: string };
}

interface Golden {
  readonly vectors: GoldenVectors;
  readonly device: SigningKey;
  readonly ledger: SigningKey;
  readonly rotatedTo: SigningKey;
}

/** Reads the golden vectors, and makes the keys again from their seeds. */
export function readGolden(): Golden {
  const file = new URL('../../../../test/vectors/format-v1.json', import.meta.url);
  const vectors: GoldenVectors = JSON.parse(readFileSync(file, 'utf8'));
  return {
    vectors,
    device: signingKeyOf(bytesOf(vectors.device.ed25519_seed)),
    ledger: signingKeyOf(bytesOf(vectors.ledger.ed25519_seed)),
    rotatedTo: signingKeyOf(bytesOf(vectors.rotated_to.ed25519_seed)),
  };
}

/** The five blocks of the golden chain. Every call gives fresh bytes, so a test may alter them. */
export function goldenChain({ blocks, leaves }: GoldenVectors): Block[] {
  return blocks.map((block) => ({
    header: bytesOf(block.header),
    signature: bytesOf(block.signature),
    leaves: leaves.slice(block.first_leaf ?? 0, block.log_size).map((leaf) => bytesOf(leaf.leaf)),
  }));
}

/** Who signed a golden leaf, as format.md says it for its kind and authority: the algorithm byte, and the key. */
export function goldenSigner(golden: Golden, leaf: GoldenLeaf): { algorithm: AlgorithmId | 0; signer?: SigningKey } {
  if (leaf.kind === 1) return { algorithm: 1, signer: golden.device };
  if (leaf.message.includes('"authority":"first-use"')) return { algorithm: 0 };
  if (leaf.message.includes('"authority":"rotation"')) return { algorithm: 1, signer: golden.device };
  return { algorithm: 1, signer: golden.ledger };
}

/** The bytes that hexadecimal text in a vector stands for. */
export function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (!bytes) throw new TypeError(`not hexadecimal: ${hex}`);
  return bytes;
}

/** The hash that hexadecimal text in a vector stands for. */
export function hashOf(hex: string): Hash {
  return asHash(bytesOf(hex));
}
