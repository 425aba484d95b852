// A ledger for the demonstration, in memory: leaves, and blocks that are really mined and signed. As a receiver makes them (services/receiver),
// without its database; it judges nothing, so it also makes what the verifier must refuse.

import {
  type Block,
  encodeEnrolment,
  encodeHeader,
  encodeLeaf,
  formatExportBlock,
  formatExportEnd,
  formatExportHeader,
  genesisHeader,
  type Header,
  headerHash,
  LEAF_KIND,
  laneOf,
  leafHash,
  MerkleTree,
  searchNonce,
  signBlock,
  signCheckpoint,
  UNSIGNED,
} from '@telltale/ledger';
import type { PrivateKey } from '../keys/key-file.ts';

/** Three zeros of the hexadecimal hash: 4,096 tries on average, a few milliseconds. */
const DIFFICULTY_BITS = 12;
/** Tries after which something is wrong: a million times the average. */
const MAX_TRIES = 4096 * 1_000_000;

export interface Ledger {
  readonly origin: string;
  readonly key: PrivateKey;
  readonly genesisAtUs: number;
}

export interface SealedBlock extends Block {
  readonly decoded: Header;
}

/** The leaf that says whose key speaks for the device: its first use. */
export function firstUseLeaf(use: { device: string; key: PrivateKey; receivedAtUs: number }): Uint8Array {
  const { key } = use.key;
  return encodeLeaf({
    kind: LEAF_KIND.keyEnrolled,
    algorithm: UNSIGNED,
    receivedAtUs: use.receivedAtUs,
    keyId: key.keyId,
    signature: new Uint8Array(0),
    message: encodeEnrolment({ authority: 'first-use', key, devices: [use.device] }),
  });
}

export function readingLeaf(reading: {
  by: PrivateKey;
  message: Uint8Array;
  signature: Uint8Array;
  receivedAtUs: number;
}): Uint8Array {
  const { by, ...signed } = reading;
  return encodeLeaf({ kind: LEAF_KIND.reading, algorithm: by.key.algorithm, keyId: by.key.keyId, ...signed });
}

/** Genesis, and a block for each list of leaves, each made at its `timestampUs`. */
export function sealBlocks(
  ledger: Ledger,
  plan: readonly { leaves: readonly Uint8Array[]; timestampUs: number }[],
): SealedBlock[] {
  const lane = laneOf(ledger.key.key.keyId);
  const tree = new MerkleTree();
  const blocks = [finish(ledger, genesisHeader({ lane, timestampUs: ledger.genesisAtUs }), [])];
  for (const { leaves, timestampUs } of plan) {
    for (const leaf of leaves) tree.append(leafHash(leaf));
    const parent = blocks.at(-1)?.header ?? new Uint8Array(0);
    const place = { index: blocks.length, previousHash: headerHash(parent), timestampUs, lane };
    const content = { logRoot: tree.root(), logSize: tree.size };
    blocks.push(finish(ledger, { ...place, ...content, difficultyBits: DIFFICULTY_BITS, nonce: 0n }, leaves));
  }
  return blocks;
}

/** The lines of the ledger's export, checkpoint included, each with its line feed. */
export function exportOf(ledger: Ledger, blocks: readonly Block[]): string[] {
  const { origin, key } = ledger;
  const tree = new MerkleTree();
  for (const leaf of blocks.flatMap(({ leaves }) => leaves)) tree.append(leafHash(leaf));
  const { spki } = key.key;
  const checkpoint = signCheckpoint({ origin, size: tree.size, root: tree.root() }, { spki, sign: key.sign });
  return [formatExportHeader({ origin, spki }), ...blocks.map(formatExportBlock), formatExportEnd(checkpoint)];
}

/** Mines and signs. */
function finish(ledger: Ledger, planned: Header, leaves: readonly Uint8Array[]): SealedBlock {
  const header = encodeHeader(planned);
  const nonce = searchNonce(header, {
    firstNonce: 0,
    endNonce: MAX_TRIES,
    difficultyBits: planned.difficultyBits,
  });
  if (nonce === undefined) throw new Error('no nonce meets the difficulty');
  const signature = signBlock({ origin: ledger.origin, hash: headerHash(header), sign: ledger.key.sign });
  return { header, signature, leaves, decoded: { ...planned, nonce: BigInt(nonce) } };
}
