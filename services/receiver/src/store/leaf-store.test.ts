// Reading and appending leaves in a real database: pages, gaps, partitions. What makes a leaf is in ingest/.

import { inTransaction, openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import type { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { LeafReader } from './leaf-reader.ts';
import { ensurePartitions, needsPartition, readLeafPage, readLeaves } from './leaf-store.ts';

/** Leaves in a partition (leaf-store.ts). */
const PARTITION = 2 ** 24;
const ALL = { start: 0, end: Number.MAX_SAFE_INTEGER };

let database: TestDatabase;
let pool: Pool;

beforeEach(async () => {
  database = await createTestDatabase(inject('testServer'));
  pool = openPool({
    connection: database.target,
    applicationName: 'test',
    maxConnections: 4,
    onError: () => undefined,
  });
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

const prepare = (nextLeafIndex: number) =>
  inTransaction(pool, { isolation: 'read committed' }, (client) => ensurePartitions(client, nextLeafIndex));

/** Stores leaves [start, end) of a size; each begins with its index, so that they can be told apart. */
async function store(leaves: { start: number; end: number; sizeBytes: number }): Promise<void> {
  await pool.query(
    `INSERT INTO leaves SELECT i, int8send(i) || decode(repeat('00', $3::int - 8), 'hex')
       FROM generate_series($1::bigint, $2::bigint - 1) AS i`,
    [leaves.start, leaves.end, leaves.sizeBytes],
  );
}

const indexOf = (leaf: Uint8Array) => Number(Buffer.from(leaf).readBigUInt64BE(0));

describe('readLeafPage', () => {
  it('gives leaves in order, up to a number and up to about a megabyte, but always one', async () => {
    await prepare(0);
    await store({ start: 0, end: 5000, sizeBytes: 100 });
    await store({ start: 5000, end: 5040, sizeBytes: 65_535 });
    const first = await readLeafPage(pool, ALL);
    expect(first.map(({ leafIndex }) => leafIndex)).toEqual(Array.from({ length: 4096 }, (_, i) => i));
    expect(first.every(({ leaf, leafIndex }) => indexOf(leaf) === leafIndex)).toBe(true);
    const large = await readLeafPage(pool, { start: 5000, end: 5040 });
    const sizeBytes = large.reduce((sum, { leaf }) => sum + leaf.length, 0);
    expect(sizeBytes).toBeGreaterThan(1024 * 1024 - 65_535);
    expect(sizeBytes).toBeLessThanOrEqual(1024 * 1024 + 65_535);
    expect(await readLeafPage(pool, { start: 7, end: 9, pageLeaves: 1 })).toHaveLength(1);
    expect(await readLeafPage(pool, { start: 5040, end: 9999 })).toEqual([]);
  });

  it('is walked to the end by readLeaves, page after page, over a gap too', async () => {
    await prepare(0);
    await store({ start: 0, end: 4500, sizeBytes: 44 });
    await store({ start: 4600, end: 4700, sizeBytes: 44 });
    const seen: number[] = [];
    for await (const { leafIndex } of readLeaves(pool, { start: 10, end: 4650 })) seen.push(leafIndex);
    expect(seen).toHaveLength(4490 + 50);
    expect(seen.at(-1)).toBe(4649);
  });
});

describe('LeafReader', () => {
  it('gives the leaves up to each end that it is asked for, whatever the page', async () => {
    await prepare(0);
    await store({ start: 0, end: 100, sizeBytes: 44 });
    const reader = new LeafReader(pool, { pageLeaves: 7 });
    let at = 0;
    for (const end of [0, 1, 1, 14, 20, 97]) {
      const { leaves, missing } = await reader.take(end);
      expect(missing).toBeUndefined();
      expect(leaves.map(indexOf)).toEqual(Array.from({ length: end - at }, (_, i) => at + i));
      at = end;
    }
    expect((await reader.takePage()).leaves.map(indexOf)).toEqual([97]);
    expect((await reader.takePage()).leaves.map(indexOf)).toEqual([98, 99]);
    expect(await reader.takePage()).toEqual({ leaves: [] });
    await store({ start: 100, end: 101, sizeBytes: 44 });
    expect((await reader.takePage()).leaves.map(indexOf)).toEqual([100]);
  });

  it('names the first leaf that is not stored', async () => {
    await prepare(0);
    await store({ start: 0, end: 10, sizeBytes: 44 });
    await store({ start: 11, end: 20, sizeBytes: 44 });
    const reader = new LeafReader(pool);
    expect((await reader.take(10)).missing).toBeUndefined();
    expect(await reader.take(12)).toEqual({ leaves: [], missing: 10 });
    expect((await new LeafReader(pool).take(12)).missing).toBe(10);
    const pages = new LeafReader(pool);
    expect((await pages.takePage()).leaves).toHaveLength(10);
    expect(await pages.takePage()).toEqual({ leaves: [], missing: 10 });
    expect(await new LeafReader(pool).take(50)).toMatchObject({ missing: 10 });
  });
});

describe('ensurePartitions', () => {
  const partitions = async () => {
    const { rows } = await pool.query<{ name: string }>(
      `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'leaves'::regclass ORDER BY name`,
    );
    return rows.map(({ name }) => name);
  };

  it('keeps one partition ahead of the log, also when many receivers ask at once', async () => {
    await Promise.all([prepare(0), prepare(0), prepare(5)]);
    expect(await partitions()).toEqual(['leaves_0', 'leaves_1']);
    expect(needsPartition({ before: PARTITION - 1, after: PARTITION - 1 })).toBe(false);
    expect(needsPartition({ before: PARTITION - 1, after: PARTITION })).toBe(true);
    await Promise.all([prepare(PARTITION), prepare(PARTITION)]);
    expect(await partitions()).toEqual(['leaves_0', 'leaves_1', 'leaves_2']);
  });

  it('lets a commit’s leaves fall on both sides of a boundary, and a reader walk over it', async () => {
    await prepare(PARTITION - 1);
    await store({ start: PARTITION - 3, end: PARTITION + 3, sizeBytes: 44 });
    const page = await readLeafPage(pool, { start: PARTITION - 3, end: Number.MAX_SAFE_INTEGER });
    expect(page.map(({ leafIndex }) => leafIndex - PARTITION)).toEqual([-3, -2, -1, 0, 1, 2]);
    const { rows } = await pool.query<{ leaves: number }>('SELECT count(*)::int AS leaves FROM leaves_1');
    expect(rows).toEqual([{ leaves: 3 }]);
  });
});
