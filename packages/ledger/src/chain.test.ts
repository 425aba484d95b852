// Whole chains: the golden one, chains whose blocks were moved, and chains that the ledger itself made wrongly.

import { describe, expect, it } from 'vitest';
import { signBlock } from './block.ts';
import { toHex, utf8 } from './bytes.ts';
import { ChainVerifier, type VerifiedLeaf } from './chain.ts';
import { encodeHeader, genesisHeader, headerHash, laneOf } from './header.ts';
import { parsePublicKey } from './keys.ts';
import { ChainBuilder, faultOf, readingLeaf } from './testing/chain-builder.ts';
import { bytesOf, goldenChain, hashOf, readGolden } from './testing/golden.ts';
import { firstUseLeaf } from './testing/registry-leaves.ts';

const { vectors, device, ledger, rotatedTo } = readGolden();
const { origin } = vectors;
const golden = { origin, key: ledger.key };

/** Microseconds: a chain of tests begins here, and its leaves come after. */
const GENESIS_AT_US = 1_000_000;

describe('the golden chain', () => {
  it('verifies', async () => {
    expect(await faultOf(goldenChain(vectors), golden)).toBeUndefined();
  });

  it('sums up to what it holds', async () => {
    const verifier = new ChainVerifier(golden);
    expect(verifier.summary()).toEqual({ blocks: 0, leaves: 0, readings: 0, devices: 0, keys: 0 });
    for (const block of goldenChain(vectors)) expect(await verifier.addBlock(block)).toBeUndefined();
    expect(await verifier.settle()).toBeUndefined();
    const { head, ...counts } = verifier.summary();
    expect(counts).toEqual({ blocks: 5, leaves: 12, readings: 7, devices: 3, keys: 2 });
    expect(head).toMatchObject({ index: 4, logSize: 12 });
    expect(head && toHex(head.hash)).toBe(vectors.blocks[4]?.hash);
    const keys = [...verifier.registry.keys()];
    expect(keys.map((entry) => [toHex(entry.key.keyId), entry.leafIndex, entry.revokedAt])).toEqual([
      [vectors.device.key_id, 0, 11],
      [vectors.rotated_to.key_id, 10, undefined],
    ]);
  });

  it('shows each leaf in order, with its ids and what it says', async () => {
    const seen: VerifiedLeaf[] = [];
    const verifier = new ChainVerifier({ ...golden, onLeaf: (leaf) => seen.push(leaf) });
    for (const block of goldenChain(vectors)) await verifier.addBlock(block);
    await verifier.settle();
    expect(seen.map((leaf) => [leaf.leafIndex, toHex(leaf.leafHash), toHex(leaf.transactionId)])).toEqual(
      vectors.leaves.map((leaf) => [leaf.index, leaf.leaf_hash, leaf.transaction_id]),
    );
    expect(seen.map((leaf) => leaf.reading?.device.at(-1) ?? '')).toEqual([
      '',
      '1',
      '',
      '2',
      '',
      '3',
      '1',
      '2',
      '3',
      '1',
      '',
      '',
    ]);
  });

  it('goes on with leaves that are in no block yet', async () => {
    const verifier = new ChainVerifier(golden);
    const blocks = goldenChain(vectors);
    for (const block of blocks.slice(0, 4)) await verifier.addBlock(block);
    for (const leaf of blocks[4]?.leaves ?? []) expect(await verifier.addPending(leaf)).toBeUndefined();
    expect(await verifier.settle()).toBeUndefined();
    expect(verifier.summary()).toMatchObject({ blocks: 4, leaves: 12, readings: 7 });
    const late = readingLeaf({ by: device, message: '{}', receivedAtUs: 2_000_000_000_000_000 });
    expect(await verifier.addPending(late)).toMatchObject({ code: 'key-revoked', leafIndex: 12 });
    expect(await verifier.addPending(late)).not.toHaveProperty('blockIndex');
  });

  it('is refused as the chain of another origin or another key', async () => {
    const elsewhere = await faultOf(goldenChain(vectors), { origin: 'elsewhere', key: ledger.key });
    expect(elsewhere).toMatchObject({ code: 'block-signature', blockIndex: 0 });
    const stranger = await faultOf(goldenChain(vectors), { origin, key: device.key });
    expect(stranger).toMatchObject({ code: 'lane', blockIndex: 0 });
  });

  it('keeps its first fault, whatever comes after', async () => {
    const verifier = new ChainVerifier(golden);
    const [genesis, first, second] = goldenChain(vectors);
    if (!genesis || !first || !second) throw new Error('the golden chain has five blocks');
    await verifier.addBlock(genesis);
    const fault = await verifier.addBlock(second);
    expect(fault).toMatchObject({ code: 'index', blockIndex: 1 });
    expect(await verifier.addBlock(first)).toEqual(fault);
    expect(await verifier.addPending(new Uint8Array(44))).toEqual(fault);
    expect(await verifier.settle()).toEqual(fault);
  });

  it('names a wrong signature before anything that is wrong behind it', async () => {
    const [genesis, first, second] = goldenChain(vectors);
    if (!genesis || !first || !second) throw new Error('the golden chain has five blocks');
    const unsigned = { ...first, signature: new Uint8Array(64) };
    expect(await faultOf([genesis, unsigned, genesis], golden)).toMatchObject({
      code: 'block-signature',
      blockIndex: 1,
    });
    expect(await faultOf([genesis, first, { ...second, leaves: [] }], golden)).toMatchObject({ code: 'log-size' });
  });

  it('cannot be verified with a key that cannot be used', () => {
    const notOnCurve = parsePublicKey(
      bytesOf(`3059301306072a8648ce3d020106082a8648ce3d03010703420004${'01'.repeat(64)}`),
    );
    if (!notOnCurve.ok) throw new Error(notOnCurve.message);
    expect(() => new ChainVerifier({ origin, key: notOnCurve.value })).toThrow(TypeError);
  });
});

describe('a chain whose blocks were moved', () => {
  const [b0, b1, b2, b3, b4] = goldenChain(vectors);
  if (!b0 || !b1 || !b2 || !b3 || !b4) throw new Error('the golden chain has five blocks');

  it.each([
    ['a missing leaf', [b0, { ...b1, leaves: b1.leaves.slice(0, -1) }], 'log-size', 1],
    ['a missing leaf in the last block', [b0, b1, b2, b3, { ...b4, leaves: b4.leaves.slice(1) }], 'log-size', 4],
    ['an extra leaf', [b0, b1, { ...b2, leaves: [...b2.leaves, ...b2.leaves.slice(-1)] }], 'log-size', 2],
    ['a leaf in the genesis block', [{ ...b0, leaves: b1.leaves.slice(0, 1) }], 'log-size', 0],
    [
      'a leaf of another block in place of its own',
      [b0, b1, { ...b2, leaves: [...b2.leaves.slice(0, 2), ...b1.leaves.slice(1, 2)] }],
      'received-at',
      2,
    ],
    ['two readings swapped', [b0, b1, b2, { ...b3, leaves: b3.leaves.toReversed() }], 'received-at', 3],
    [
      'an enrolment swapped with its reading',
      [b0, { ...b1, leaves: [1, 0, 2, 3].map((i) => b1.leaves[i] ?? b1.header) }],
      'key-unknown',
      1,
    ],
    ['a dropped block', [b0, b1, b3, b4], 'index', 2],
    ['no genesis', [b1, b2], 'index', 0],
    ['a block twice', [b0, b1, b1, b2], 'index', 2],
    ['two genesis blocks', [b0, b0, b1], 'index', 1],
    ['two blocks swapped', [b0, b2, b1], 'index', 1],
    ['the leaves of the next block', [b0, { ...b1, leaves: b2.leaves }], 'log-size', 1],
    ['the signature of the next block', [b0, { ...b1, signature: b2.signature }, b2], 'block-signature', 1],
    ['an empty signature', [b0, { ...b1, signature: new Uint8Array(0) }], 'block-signature', 1],
    ['a header that is cut', [b0, { ...b1, header: b1.header.subarray(1) }], 'header-length', 1],
  ])('is refused: %s', async (_what, blocks, code, blockIndex) => {
    expect(await faultOf(blocks, golden)).toMatchObject({ code, blockIndex });
  });
});

describe('a chain that the ledger itself mined and signed wrongly', () => {
  const enrolment = firstUseLeaf({ key: device.key, devices: ['a'], receivedAtUs: GENESIS_AT_US + 1 });
  const reading = (receivedAtUs: number) => readingLeaf({ by: device, message: '{"device":"a"}', receivedAtUs });
  const build = () => new ChainBuilder({ origin, key: ledger, genesisAtUs: GENESIS_AT_US });

  it('verifies when nothing is wrong with it', async () => {
    const { blocks } = build()
      .seal({ leaves: [enrolment], timestampUs: GENESIS_AT_US + 1, difficultyBits: 4 })
      .seal({ leaves: [reading(GENESIS_AT_US + 5)], timestampUs: GENESIS_AT_US + 5, difficultyBits: 4 })
      .seal({ leaves: [reading(GENESIS_AT_US + 5)], timestampUs: GENESIS_AT_US + 6, difficultyBits: 8 });
    expect(await faultOf(blocks, golden)).toBeUndefined();
  });

  it('is refused where the difficulty falls', async () => {
    const { blocks } = build()
      .seal({ leaves: [enrolment], timestampUs: GENESIS_AT_US + 1, difficultyBits: 8 })
      .seal({ leaves: [reading(GENESIS_AT_US + 2)], timestampUs: GENESIS_AT_US + 2, difficultyBits: 7 });
    expect(await faultOf(blocks, golden)).toMatchObject({ code: 'difficulty', blockIndex: 2 });
  });

  it('is refused where two blocks have the same time, or the later one an earlier time', async () => {
    for (const timestampUs of [GENESIS_AT_US + 9, GENESIS_AT_US + 8]) {
      const { blocks } = build()
        .seal({ leaves: [enrolment], timestampUs: GENESIS_AT_US + 9, difficultyBits: 0 })
        .seal({ leaves: [reading(GENESIS_AT_US + 2)], timestampUs, difficultyBits: 0 });
      expect(await faultOf(blocks, golden)).toMatchObject({ code: 'timestamp', blockIndex: 2 });
    }
    const { blocks } = build().seal({ leaves: [enrolment], timestampUs: GENESIS_AT_US, difficultyBits: 0 });
    expect(await faultOf(blocks, golden)).toMatchObject({ code: 'timestamp', blockIndex: 1 });
  });

  it('is refused where a block is older than its last leaf', async () => {
    const leaves = [enrolment, reading(GENESIS_AT_US + 3)];
    const { blocks } = build().seal({ leaves, timestampUs: GENESIS_AT_US + 2, difficultyBits: 0 });
    expect(await faultOf(blocks, golden)).toMatchObject({ code: 'timestamp', blockIndex: 1, leafIndex: 1 });
  });

  it('is refused where receive times fall, also from one block to the next', async () => {
    const { blocks } = build()
      .seal({ leaves: [enrolment, reading(GENESIS_AT_US + 3)], timestampUs: GENESIS_AT_US + 9, difficultyBits: 0 })
      .seal({ leaves: [reading(GENESIS_AT_US + 2)], timestampUs: GENESIS_AT_US + 10, difficultyBits: 0 });
    expect(await faultOf(blocks, golden)).toMatchObject({ code: 'received-at', blockIndex: 2, leafIndex: 2 });
  });

  it('is refused where a block follows another block than the one before it', async () => {
    // Two histories that differ in the time of block 1 alone: the second block of one behind the first of the other.
    const [one, other] = [1, 2].map((delayUs) =>
      build()
        .seal({ leaves: [enrolment], timestampUs: GENESIS_AT_US + delayUs, difficultyBits: 4 })
        .seal({ leaves: [reading(GENESIS_AT_US + 5)], timestampUs: GENESIS_AT_US + 5, difficultyBits: 4 }),
    );
    const spliced = [...(one?.blocks.slice(0, 2) ?? []), ...(other?.blocks.slice(2) ?? [])];
    expect(await faultOf(spliced, golden)).toMatchObject({ code: 'previous-hash', blockIndex: 2 });
  });

  it.each([
    ['a hash before it', { previousHash: hashOf('01'.repeat(32)) }],
    ['another log root', { logRoot: hashOf('01'.repeat(32)) }],
    ['a difficulty', { difficultyBits: 1 }],
    ['a nonce', { nonce: 1n }],
  ])('is refused where its genesis block has %s', async (_what, change) => {
    const header = encodeHeader({
      ...genesisHeader({ lane: laneOf(ledger.key.keyId), timestampUs: GENESIS_AT_US }),
      ...change,
    });
    const signature = signBlock({ origin, hash: headerHash(header), sign: ledger.sign });
    const fault = await faultOf([{ header, signature, leaves: [] }], golden);
    expect(fault).toMatchObject({ code: 'genesis', blockIndex: 0 });
  });

  it('is refused where a block after genesis has no leaf', async () => {
    const { blocks } = build().seal({ leaves: [], timestampUs: GENESIS_AT_US + 1, difficultyBits: 0 });
    expect(await faultOf(blocks, golden)).toMatchObject({ code: 'block-empty', blockIndex: 1 });
  });

  it('is refused where the work was not done', async () => {
    const builder = build().seal({ leaves: [enrolment], timestampUs: GENESIS_AT_US + 1, difficultyBits: 0 });
    const [genesis, block] = builder.blocks;
    if (!genesis || !block) throw new Error('two blocks were built');
    // 200 bits: no hash that was not searched for has them.
    const header = block.header.with(107, 200);
    expect(await faultOf([genesis, { ...block, header }], golden)).toMatchObject({
      code: 'proof-of-work',
      blockIndex: 1,
    });
  });

  it('is refused where a leaf cannot be read', async () => {
    const { blocks } = build().seal({ leaves: [utf8('no leaf')], timestampUs: GENESIS_AT_US + 1, difficultyBits: 0 });
    expect(await faultOf(blocks, golden)).toMatchObject({ code: 'leaf-length', blockIndex: 1, leafIndex: 0 });
  });

  it('is refused where it is signed by another key than its lane’s', async () => {
    const forged = new ChainBuilder({ origin, key: { ...ledger, sign: rotatedTo.sign }, genesisAtUs: GENESIS_AT_US });
    expect(await faultOf(forged.blocks, golden)).toMatchObject({ code: 'block-signature', blockIndex: 0 });
  });
});
