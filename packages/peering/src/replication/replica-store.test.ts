// Both stores against the one suite; PostgreSQL also against two writers at once.

import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRingDatabase, type RingDatabase } from '../testing/ring-database.ts';
import { MemoryReplicaStore } from './memory-replica-store.ts';
import { PostgresReplicaStore } from './postgres-replica-store.ts';
import { chunkItem, describeReplicaStore, textItem } from './testing/store-suite.ts';
import { testSigner } from './testing/test-keys.ts';

describeReplicaStore('memory', () => Promise.resolve(new MemoryReplicaStore()));

describe('with PostgreSQL', () => {
  let database: RingDatabase;
  let pool: Pool;
  beforeAll(async () => {
    database = await openRingDatabase();
    ({ pool } = database);
  });
  afterAll(() => database.close());
  const open = async () => {
    await pool.query('TRUNCATE peering_values, peering_records, peering_usage, peering_transactions');
    return new PostgresReplicaStore(pool);
  };

  describeReplicaStore('PostgreSQL', open);

  it('keeps one of many versions that come at the same time, and counts it once', async () => {
    const store = await open();
    const owner = testSigner(1);
    const chunks = Array.from({ length: 12 }, (_, version) => chunkItem({ owner, name: 'n', version, value: 'v' }));
    const writes = chunks.map((item) => store.perform({ kind: 'write', item, by: null, limitBytes: 0, storedAtUs: 1 }));
    await Promise.all(writes);
    const newest = chunks.at(-1);
    expect(await store.perform({ kind: 'records', key: newest?.key ?? textItem('').key })).toEqual({
      kind: 'records',
      records: [Buffer.from(newest?.bytes ?? '')],
    });
    expect(await store.usage()).toEqual({ values: 0, records: 1, sizeBytes: newest?.sizeBytes });
  });
});
