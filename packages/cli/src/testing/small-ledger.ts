// Ledgers of a few blocks for tests, as exports and as what a receiver would answer. It judges nothing, so that it can also make what a
// monitor must find.

import {
  asHash,
  decodeHeader,
  decodeLeaf,
  formatExportBlock,
  formatExportEnd,
  formatExportHeader,
  formatProof,
  formatVerifierKey,
  type Hash,
  headerHash,
  issueReceipts,
  leafHash,
  MerkleTree,
  proveConsistency,
  proveInclusion,
  type Receipt,
  signBlock,
  signCheckpoint,
  toBase64,
  toHex,
  transactionIdOf,
} from '@telltale/ledger';
import { ChainBuilder, readingLeaf } from '../../../ledger/src/testing/chain-builder.ts';
import { firstUseLeaf } from '../../../ledger/src/testing/registry-leaves.ts';
import { testKey } from '../../../ledger/src/testing/signing-key.ts';

export const ORIGIN = 'test.example/ledger';
export const LEDGER_KEY = testKey(4);
export const DEVICE_KEY = testKey(5);
export const DEVICE = 'Raspberry Pi 1';
export const VERIFIER_KEY = formatVerifierKey(ORIGIN, LEDGER_KEY.key.spki);
/** 2026-07-17T00:00:00Z. */
export const START_US = 1_784_246_400_000_000;

export interface SmallLedger {
  readonly builder: ChainBuilder;
  readonly size: number;
  /** Each line of its export, without line feeds. */
  readonly lines: string[];
  readonly checkpoint: string;
  readonly head: { readonly index: number; readonly hash: string; readonly log_size: number };
  consistency(sizes: { from: number; to: number }): string[];
  proof(leafIndex: number): string;
}

/**
 * A ledger of `blocks` blocks after genesis, of `perBlock` readings each; the first also enrols the device. `word` goes into each reading
 * from block `changedFrom` on, so that two ledgers can share a beginning. `delayUs` shifts the time of every block from there on.
 */
export function makeLedger(shape: {
  blocks: number;
  perBlock: number;
  word?: string;
  changedFrom?: number;
  delayUs?: number;
  seqOf?: (n: number) => number;
}): SmallLedger {
  const { blocks, perBlock, word = 'calm', changedFrom = 1, delayUs = 0, seqOf = (n) => n } = shape;
  const builder = new ChainBuilder({ origin: ORIGIN, key: LEDGER_KEY, genesisAtUs: START_US });
  const tree = new MerkleTree();
  let n = 0;
  for (let block = 1; block <= blocks; block++) {
    const atUs = START_US + block * 1_000_000;
    const leaves = block === 1 ? [firstUseLeaf({ key: DEVICE_KEY.key, devices: [DEVICE], receivedAtUs: atUs })] : [];
    for (let i = 0; i < perBlock; i++, n++) {
      const said = block >= changedFrom ? word : 'calm';
      const message = JSON.stringify({ device: DEVICE, seq: seqOf(n), temperature: 20 + (n % 7), said });
      leaves.push(readingLeaf({ by: DEVICE_KEY, message, receivedAtUs: atUs + i }));
    }
    for (const leaf of leaves) tree.append(leafHash(leaf));
    const timestampUs = atUs + perBlock + (block >= changedFrom ? delayUs : 0);
    builder.seal({ leaves, timestampUs, difficultyBits: 1 });
  }
  return describeLedger(builder, tree);
}

/** A block after genesis, before it is mined. */
export interface PlannedBlock {
  readonly leaves: readonly Uint8Array[];
  readonly timestampUs: number;
  readonly difficultyBits: number;
}

/**
 * What a dishonest receiver can make of its ledger: any blocks in place of those after genesis (devices' signatures stay as they are), and
 * all roots, hashes, work, signatures and the checkpoint made anew with its own key.
 */
export function remineLedger(
  ledger: SmallLedger,
  change: (blocks: readonly PlannedBlock[]) => readonly PlannedBlock[],
): SmallLedger {
  const builder = new ChainBuilder({ origin: ORIGIN, key: LEDGER_KEY, genesisAtUs: START_US });
  const tree = new MerkleTree();
  const planned = ledger.builder.blocks.slice(1).map(({ header, leaves }) => {
    const decoded = decodeHeader(header);
    if (!decoded.ok) throw new Error(decoded.message);
    const { timestampUs, difficultyBits } = decoded.value;
    return { leaves, timestampUs, difficultyBits };
  });
  for (const block of change(planned)) {
    for (const leaf of block.leaves) tree.append(leafHash(leaf));
    builder.seal(block);
  }
  return describeLedger(builder, tree);
}

/** The same with other leaves in each block; a block with none is left out. */
export function rewriteLedger(
  ledger: SmallLedger,
  change: (leaves: readonly Uint8Array[], blockIndex: number) => readonly Uint8Array[],
): SmallLedger {
  return remineLedger(ledger, (blocks) =>
    blocks
      .map((block, i) => ({ ...block, leaves: change(block.leaves, i + 1) }))
      .filter(({ leaves }) => leaves.length > 0),
  );
}

/** Receipts of one group commit for these leaves of a ledger, each at the index that `placeOf` gives (its own by default). */
export function receiptsOf(
  ledger: SmallLedger,
  commit: { leafIndexes: readonly number[]; sealByUs?: number; placeOf?: (leafIndex: number) => number },
): Receipt[] {
  const { leafIndexes, sealByUs = 0, placeOf = (leafIndex) => leafIndex } = commit;
  const all = ledger.builder.blocks.flatMap((block) => block.leaves);
  const entries = leafIndexes.map((leafIndex) => {
    const bytes = all[leafIndex] ?? new Uint8Array(0);
    const leaf = decodeLeaf(bytes);
    if (!leaf.ok) throw new Error(leaf.message);
    const { receivedAtUs } = leaf.value;
    return {
      transactionId: transactionIdOf(leaf.value, leafHash(bytes)),
      leafIndex: placeOf(leafIndex),
      leafHash: leafHash(bytes),
      receivedAtUs,
    };
  });
  return issueReceipts({ origin: ORIGIN, sealByUs, entries, sign: LEDGER_KEY.sign });
}

function describeLedger(builder: ChainBuilder, tree: MerkleTree): SmallLedger {
  const header = builder.blocks.at(-1)?.header ?? new Uint8Array(0);
  const checkpoint = signedCheckpoint({ size: tree.size, root: tree.root() });
  const leaves = builder.blocks.flatMap((block) => block.leaves);
  return {
    builder,
    size: tree.size,
    checkpoint,
    lines: [
      formatExportHeader({ origin: ORIGIN, spki: LEDGER_KEY.key.spki }),
      ...builder.blocks.map(formatExportBlock),
      formatExportEnd(checkpoint),
    ].map((line) => line.trimEnd()),
    head: { index: builder.blocks.length - 1, hash: toHex(headerHash(header)), log_size: tree.size },
    consistency: ({ from, to }) => proveConsistency({ fromSize: from, toSize: to }, tree.node).map(toHex),
    proof: (leafIndex) =>
      formatProof({
        leafIndex,
        path: proveInclusion({ leafIndex, treeSize: tree.size }, tree.node),
        checkpoint,
        leaf: leaves[leafIndex] ?? new Uint8Array(0),
        spki: DEVICE_KEY.key.spki,
      }),
  };
}

export function signedCheckpoint(log: { size: number; root: Hash }): string {
  return signCheckpoint({ origin: ORIGIN, ...log }, { spki: LEDGER_KEY.key.spki, sign: LEDGER_KEY.sign });
}

/** The line of a block whose header has these bytes changed and is signed anew, without being mined again. */
export function withHeader(line: string, change: (header: Uint8Array) => void): string {
  const block = JSON.parse(line);
  const header = Uint8Array.from(Buffer.from(block.header, 'base64'));
  change(header);
  const signature = signBlock({ origin: ORIGIN, hash: headerHash(header), sign: LEDGER_KEY.sign });
  return JSON.stringify({ ...block, header: toBase64(header), signature: toBase64(signature) });
}

/** The line of a block with its leaves changed. */
export function withLeaves(line: string, change: (leaves: Buffer[]) => Buffer[]): string {
  const block = JSON.parse(line);
  const leaves = block.leaves.map((leaf: string) => Buffer.from(leaf, 'base64'));
  return JSON.stringify({ ...block, leaves: change(leaves).map((leaf) => leaf.toString('base64')) });
}

/** A checkpoint of the same size with another root. */
export function otherRoot(ledger: SmallLedger): string {
  const last = decodeHeader(ledger.builder.blocks.at(-1)?.header ?? new Uint8Array(0));
  if (!last.ok) throw new Error(last.message);
  const root = asHash(Uint8Array.from(last.value.logRoot));
  root[0] = 1 ^ (root[0] ?? 0);
  return signedCheckpoint({ size: ledger.size, root });
}
