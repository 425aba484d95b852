// A lane on its way to the ring, with the cursor in PostgreSQL: in order, again after a failure and after a crash, and what is too long.

import { equalBytes, sha256, utf8 } from '@telltale/ledger';
import { makeSealedChain } from '@telltale/plugin/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blockName, blockRecord } from '../replication/block-statement.ts';
import { rawKeyOf } from '../replication/raw-key.ts';
import { recordKey, signRecord } from '../replication/signed-record.ts';
import type { Standing } from '../ring-seat.ts';
import { oneStoreRing } from '../testing/one-store-ring.ts';
import { openRingDatabase, type RingDatabase } from '../testing/ring-database.ts';
import { until } from '../testing/until.ts';
import { LaneCursorStore } from './lane-cursor-store.ts';
import { LaneReader } from './lane-reader.ts';
import { LaneWriter } from './lane-writer.ts';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };
const chain = makeSealedChain({ blockCount: 6, readingsPerBlock: 3 });
const { ledger, blocks } = chain;
const newest = blocks.length - 1;
const keyOf = (height: number) => recordKey('block', blockName({ lane: ledger.lane, height }));

let database: RingDatabase;
let cursor: LaneCursorStore;
let standing: Standing;
let writers: LaneWriter[];

beforeEach(async () => {
  database = await openRingDatabase();
  cursor = new LaneCursorStore(database.pool);
  standing = 'member';
  writers = [];
});
afterEach(async () => {
  for (const writer of writers) await writer.stop();
  await database.close();
});

async function newWriter(ring: ReturnType<typeof oneStoreRing>): Promise<LaneWriter> {
  const parts = { ring, ledger, blocks: chain.blockReader, cursor, log: SILENT, standing: () => standing };
  const writer = new LaneWriter(parts, await cursor.read());
  writers.push(writer);
  return writer;
}

/** Every block up to the height can be had, whole and as it was sealed. */
async function expectBlocks(ring: ReturnType<typeof oneStoreRing>, height: number): Promise<void> {
  const reader = new LaneReader(ring);
  expect(await reader.head(ledger.lane)).toMatchObject({ origin: ledger.origin, height });
  for (const { blockIndex, hash } of blocks.slice(0, height + 1)) {
    for (const found of [
      await reader.blockAt({ lane: ledger.lane, height: blockIndex }),
      await reader.blockByHash(hash),
    ]) {
      if (typeof found === 'string') throw new Error(`block ${blockIndex} is ${found}`);
      expect(equalBytes(found.body.hash, hash)).toBe(true);
    }
  }
}

describe('a lane', () => {
  it('comes to the ring whole, and the cursor says so', async () => {
    const ring = oneStoreRing();
    const writer = await newWriter(ring);
    for (const block of blocks) await writer.take(block);
    expect(await writer.untilReplicated([0, 17], 60_000)).toBe(true);
    expect(writer.counts()).toEqual({ nextBlock: newest + 1, failedPuts: 0, skippedBlocks: 0, conflicts: 0 });
    expect(await cursor.read()).toEqual({ nextBlock: newest + 1, logSize: 18 });
    await expectBlocks(ring, newest);
  });

  it('is put again where a majority failed, and the cursor waits for it while later blocks go on', async () => {
    const ring = oneStoreRing();
    let failures = 0;
    let stored = 0;
    const failing: typeof ring = {
      ...ring,
      async putRecord(bytes) {
        // Genesis, after the record of the lane itself.
        if (stored === 1 && failures < 2) {
          failures++;
          return { outcome: 'failed', receipts: [] };
        }
        stored++;
        return ring.putRecord(bytes);
      },
    };
    const writer = await newWriter(failing);
    for (const block of blocks) await writer.take(block);
    await until(() => writer.counts().nextBlock === newest + 1, 'every block is there');
    expect(writer.counts().failedPuts).toBe(2);
    await expectBlocks(ring, newest);
  });

  it('goes on after a crash from the cursor, with what was on its way', async () => {
    const ring = oneStoreRing();
    const hanging: typeof ring = {
      ...ring,
      putRecord: (bytes) =>
        writers[0]?.counts().nextBlock === 3 ? new Promise(() => undefined) : ring.putRecord(bytes),
    };
    const first = await newWriter(hanging);
    for (const block of blocks.slice(0, 3)) {
      await first.take(block);
      await until(() => first.counts().nextBlock === block.blockIndex + 1, 'the block is there');
    }
    for (const block of blocks.slice(3)) await first.take(block);
    await first.stop();

    const position = await cursor.read();
    expect(position).toEqual({ nextBlock: 3, logSize: 6 });
    const second = await newWriter(ring);
    for (const block of blocks.slice(position.nextBlock)) await second.take(block);
    await until(() => second.counts().nextBlock === newest + 1, 'every block is there');
    expect(second.counts().conflicts).toBe(0);
    await expectBlocks(ring, newest);
  });

  it('waits while its receiver is not in the ring', async () => {
    standing = 'standby';
    const writer = await newWriter(oneStoreRing());
    const taken = Promise.all(blocks.slice(0, 1).map((block) => writer.take(block)));
    expect(await writer.untilReplicated([0], 300)).toBe(false);
    expect(writer.counts().nextBlock).toBe(0);
    standing = 'member';
    await taken;
    await until(() => writer.counts().nextBlock === 1, 'genesis is there');
  });

  it('is seen to be replicated also by a receiver that stands by while another one writes', async () => {
    const writer = await newWriter(oneStoreRing());
    const other = new LaneWriter(
      { ring: oneStoreRing(), ledger, blocks: chain.blockReader, cursor, log: SILENT, standing: () => 'standby' },
      await cursor.read(),
    );
    writers.push(other);
    const isSeen = other.untilReplicated([0], 60_000);
    for (const block of blocks.slice(0, 2)) await writer.take(block);
    expect(await isSeen).toBe(true);
    await other.resume();
    expect(other.counts().nextBlock).toBe(2);
  });

  it('goes on past a block that is too long, and never says of its leaves that they are elsewhere', async () => {
    const ring = oneStoreRing();
    const writer = await newWriter(ring);
    for (const block of blocks.slice(0, 2)) await writer.take(block);
    const [, , block] = blocks;
    if (!block) throw new Error('the chain has a third block');
    const leaves = Array.from({ length: 1_025 }, () => new Uint8Array(65_535));
    const logSize = block.firstLeafIndex + leaves.length;
    await writer.take({ ...block, leaves, logSize });
    await until(() => writer.counts().nextBlock === 3, 'the long block is passed');
    expect(writer.counts().skippedBlocks).toBe(1);
    expect(await writer.untilReplicated([0], 60_000)).toBe(true);
    expect(await writer.untilReplicated([block.firstLeafIndex, 0], 60_000)).toBe(false);
    await expectBlocks(ring, 1);
  });

  it.each([
    ['', undefined],
    [', though its genesis cannot be found just now', 0],
  ])(
    'is not put where the ring has another chain of its key%s, and nobody is told that it is replicated',
    async (_, lost) => {
      const ring = oneStoreRing();
      const writer = await newWriter(ring);
      for (const block of blocks) await writer.take(block);
      await until(() => writer.counts().nextBlock === newest + 1, 'every block is there');
      await writer.stop();

      // The same key on an empty database: another genesis.
      const fresh = await openRingDatabase();
      const said: string[] = [];
      const log = { ...SILENT, error: (_fields: object, message: string) => said.push(message) };
      const founded = makeSealedChain({ blockCount: 0, readingsPerBlock: 1 });
      const forgotten = lost === undefined ? undefined : keyOf(lost);
      const forgetful: typeof ring = {
        ...ring,
        getRecords: async (key) => (key === forgotten ? { records: [], isMajority: true } : ring.getRecords(key)),
      };
      const parts = { ring: forgetful, ledger, blocks: founded.blockReader, log, standing: () => standing };
      const second = new LaneWriter(
        { ...parts, cursor: new LaneCursorStore(fresh.pool) },
        { nextBlock: 0, logSize: 0 },
      );
      writers.push(second);
      try {
        const taken = second.take(founded.blocks[0] ?? expect.unreachable());
        expect(await second.untilReplicated([0], 60_000)).toBe(false);
        expect(second.counts()).toMatchObject({ nextBlock: 0, conflicts: 1, failedPuts: 0 });
        expect(said).toEqual([expect.stringContaining('the ring has another chain of this ledger’s key')]);
        await second.stop();
        await taken;
      } finally {
        await fresh.close();
      }
      expect((await ring.getRecords(keyOf(0))).records).toHaveLength(1);
      await expectBlocks(ring, newest);
    },
  );

  it('goes on where the ring has its own chain and another, whoever decided that', async () => {
    const ring = oneStoreRing();
    const other = {
      lane: ledger.lane,
      height: 0,
      headerHash: sha256(utf8('other')),
      bodyHash: sha256(utf8('body')),
      bodyBytes: 4,
    };
    const writer = await newWriter(ring);
    await writer.take(blocks[0] ?? expect.unreachable());
    await until(() => writer.counts().nextBlock === 1, 'genesis is there');
    await writer.stop();
    await ring.putRecord(signRecord(blockRecord(rawKeyOf(ledger.publicKey), other), ledger.signText));
    expect((await ring.getRecords(keyOf(0))).records).toHaveLength(2);
    // As a database that came back from the ring has it.
    const parts = { ring, ledger, blocks: chain.blockReader, cursor, log: SILENT, standing: () => standing };
    const again = new LaneWriter(parts, { nextBlock: 0, logSize: 0 });
    writers.push(again);
    for (const block of blocks) await again.take(block);
    await until(() => again.counts().nextBlock === newest + 1, 'every block is there');
  });

  it('waits with its first block until the ring can tell which chain it has', async () => {
    const ring = oneStoreRing();
    let asked = 0;
    const away: typeof ring = {
      ...ring,
      getRecords: async (key) => (asked++ < 8 ? { records: [], isMajority: false } : ring.getRecords(key)),
    };
    const writer = await newWriter(away);
    await writer.take(blocks[0] ?? expect.unreachable());
    // Four heights at a time.
    expect(asked).toBe(12);
    await until(() => writer.counts().nextBlock === 1, 'genesis is there');
  });

  it('says once that the ring has another block of the same height from the same key', async () => {
    const ring = oneStoreRing({ putRecord: async () => ({ outcome: 'superseded' }) });
    const introduced = { ...ring };
    let records = 0;
    introduced.putRecord = (bytes) =>
      records++ === 0 ? Promise.resolve({ outcome: 'stored', receipts: [] }) : ring.putRecord(bytes);
    const writer = await newWriter(introduced);
    await writer.take(blocks[0] ?? expect.unreachable());
    await until(() => writer.counts().nextBlock === 1, 'it goes on');
    expect(writer.counts()).toMatchObject({ conflicts: 1, failedPuts: 0 });
  });
});
