// What a reader of lanes makes of a ring in which anybody may have put anything.

import { encodeBlockBody, equalBytes, Frontier, leafHash, sha256 } from '@telltale/ledger';
import type { SealedBlock } from '@telltale/plugin';
import { makeSealedChain } from '@telltale/plugin/testing';
import { describe, expect, it } from 'vitest';
import { blockRecord } from '../replication/block-statement.ts';
import { laneRecord } from '../replication/lane-statement.ts';
import { rawKeyOf } from '../replication/raw-key.ts';
import { signRecord } from '../replication/signed-record.ts';
import { oneStoreRing } from '../testing/one-store-ring.ts';
import { LaneReader } from './lane-reader.ts';

const chain = makeSealedChain({ blockCount: 5, readingsPerBlock: 2 });
const { ledger, blocks } = chain;
const owner = rawKeyOf(ledger.publicKey);

type TestRing = ReturnType<typeof oneStoreRing>;

function blockOf(height: number): SealedBlock {
  return blocks[height] ?? expect.unreachable();
}

function bodyOf(block: SealedBlock): Uint8Array {
  const frontier = new Frontier();
  for (const { leaves } of blocks.slice(0, block.blockIndex))
    for (const leaf of leaves) frontier.append(leafHash(leaf));
  return encodeBlockBody({ ...block, previousLogSize: frontier.size, peaks: frontier.subtrees() });
}

const introduce = (ring: TestRing) => ring.putRecord(signRecord(laneRecord(owner, ledger), ledger.signText));

/** Puts the body, and the lane's own statement that the block of this height has it. */
async function put(ring: TestRing, block: SealedBlock, body = bodyOf(block)): Promise<void> {
  await ring.putValue(body);
  const { blockIndex: height, hash: headerHash } = block;
  const statement = { lane: ledger.lane, height, headerHash, bodyHash: sha256(body), bodyBytes: body.length };
  const stored = await ring.putRecord(signRecord(blockRecord(owner, statement), ledger.signText));
  expect(stored.outcome).toBe('stored');
}

describe('a reader of lanes', () => {
  it('finds the newest block of a lane, and again when the lane has grown', async () => {
    const ring = oneStoreRing();
    const reader = new LaneReader(ring);
    expect(await reader.head(ledger.lane)).toBe('missing');
    await introduce(ring);
    expect(await reader.head(ledger.lane)).toBe('missing');
    for (const block of blocks) {
      await put(ring, block);
      expect(await reader.head(ledger.lane)).toMatchObject({ height: block.blockIndex });
    }
    expect(await new LaneReader(ring).head(ledger.lane)).toMatchObject({ height: blocks.length - 1 });
  });

  it('gives no block whose lane has not said what its ledger is called', async () => {
    const ring = oneStoreRing();
    await put(ring, blockOf(1));
    expect(await new LaneReader(ring).blockByHash(blockOf(1).hash)).toBe('missing');
    await introduce(ring);
    expect(await new LaneReader(ring).blockByHash(blockOf(1).hash)).toMatchObject({ hasConflict: false });
  });

  it('does not take a body that is not what its lane sealed, even if the lane’s key names it', async () => {
    const ring = oneStoreRing();
    await introduce(ring);
    const changed = bodyOf(blockOf(2));
    changed.set([(changed.at(-1) ?? 0) ^ 1], changed.length - 1);
    await put(ring, blockOf(2), changed);
    expect(await new LaneReader(ring).blockAt({ lane: ledger.lane, height: 2 })).toBe('missing');
    // The right body of another block.
    await put(ring, blockOf(3), bodyOf(blockOf(4)));
    expect(await new LaneReader(ring).blockAt({ lane: ledger.lane, height: 3 })).toBe('missing');
  });

  it('says that a lane’s key named two blocks of one height, and gives either by its hash', async () => {
    const ring = oneStoreRing();
    await introduce(ring);
    await put(ring, blockOf(2));
    await put(ring, { ...blockOf(3), blockIndex: 2 }, bodyOf(blockOf(3)));
    const reader = new LaneReader(ring);
    const found = await reader.blockAt({ lane: ledger.lane, height: 2 });
    if (typeof found === 'string') throw new Error(found);
    expect(found.hasConflict).toBe(true);
    expect(equalBytes(found.body.hash, blockOf(2).hash)).toBe(true);
  });

  it('tells a ring that cannot be asked from one that has nothing', async () => {
    const ring = oneStoreRing();
    await introduce(ring);
    await put(ring, blockOf(1));
    const silent = oneStoreRing({ getRecords: async () => ({ records: [], isMajority: false }) });
    const deaf = new LaneReader(silent);
    expect(await deaf.head(ledger.lane)).toBe('unavailable');
    expect(await deaf.blockByHash(blockOf(1).hash)).toBe('unavailable');
    const bodiless = new LaneReader({ ...ring, getValue: async () => 'unavailable' });
    expect(await bodiless.blockByHash(blockOf(1).hash)).toBe('unavailable');
  });
});
