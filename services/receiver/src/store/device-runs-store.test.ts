// The places of a device's readings, page by page: over the ends of rows, from any leaf to any leaf, and what it costs on the disk.

import { inTransaction, openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { findLeafIndexesOfDevice, insertDeviceRuns } from './device-runs-store.ts';

let database: TestDatabase;
let pool: Pool;

/** Every third leaf; runs of 1, 2, 3, ... readings, and one of 2,500 that needs three rows. */
const indexes = Array.from({ length: 3_000 }, (_, i) => 3 * i + 1);

beforeAll(async () => {
  database = await createTestDatabase(inject('testServer'));
  pool = openPool({
    connection: database.target,
    applicationName: 'test',
    maxConnections: 4,
    onError: () => undefined,
  });
  await inTransaction(pool, { isolation: 'read committed' }, async (client) => {
    let start = 0;
    for (let size = 1; start < 500; size++) {
      await insertDeviceRuns(client, new Map([['Pi', indexes.slice(start, start + size)]]));
      // Neighbours whose names sort around it.
      await insertDeviceRuns(client, new Map([...'OQ'].map((letter) => [`${letter}i`, [3 * start]])));
      start += size;
    }
    await insertDeviceRuns(client, new Map([['Pi', indexes.slice(start)]]));
  });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

describe('findLeafIndexesOfDevice', () => {
  it.each([1, 7, 100, 1_000])('gives every reading once and in order, %i a page', async (limit) => {
    const found: number[] = [];
    // Small pages would take long over the whole: they stop once they are in the long run.
    const enough = Math.min(indexes.length, 600 * limit);
    let after: number | undefined;
    while (found.length < enough) {
      const page = await findLeafIndexesOfDevice(pool, {
        device: 'Pi',
        start: (after ?? -1) + 1,
        end: 10_000,
        limit,
      });
      found.push(...page);
      after = page.at(-1);
      if (page.length < limit) break;
    }
    expect(found).toEqual(indexes.slice(0, found.length));
    expect(found.length).toBeGreaterThanOrEqual(enough);
  });

  it('keeps to the leaves that are asked for, wherever they begin and end', async () => {
    for (const [start, end] of [
      [0, 1],
      [0, 2],
      [1, 2],
      [2, 4],
      [2, 5],
      [1_500, 1_600],
      [4_000, 8_000],
      [8_997, 10_000],
      [9_000, 10_000],
      [50, 50],
      [60, 50],
    ] as const) {
      const expected = indexes.filter((index) => index >= start && index < end);
      for (const limit of [10, 5_000]) {
        const found = await findLeafIndexesOfDevice(pool, { device: 'Pi', start, end, limit });
        expect(found).toEqual(expected.slice(0, limit));
      }
    }
  });

  it('gives nothing for a device that never spoke', async () => {
    const range = { start: 0, end: 10_000, limit: 10 };
    for (const device of ['P', 'pi', 'Pi ', 'Z']) {
      expect(await findLeafIndexesOfDevice(pool, { device, ...range })).toEqual([]);
    }
  });
});

describe('the rows of the places', () => {
  it('cost at most ten bytes a reading, index and all, where three devices share blocks of 100', async () => {
    const names = ['Raspberry Pi 1', 'Raspberry Pi 2', 'Raspberry Pi 3'];
    await pool.query('CREATE TABLE kept AS SELECT * FROM device_readings');
    await pool.query('TRUNCATE device_readings');
    const blocks = 2_000;
    await inTransaction(pool, { isolation: 'read committed' }, async (client) => {
      for (let block = 0; block < blocks; block++) {
        const places = names.map((name, n): [string, number[]] => [
          name,
          Array.from({ length: n === 0 ? 34 : 33 }, (_, i) => 100 * block + 3 * i + n),
        ]);
        await insertDeviceRuns(client, new Map(places));
      }
    });
    const { rows } = await pool.query<{ size: bigint }>(`SELECT pg_total_relation_size('device_readings') AS size`);
    await pool.query('TRUNCATE device_readings');
    await pool.query('INSERT INTO device_readings SELECT * FROM kept');
    expect(Number(rows[0]?.size) / (100 * blocks)).toBeLessThan(10);
  });
});
