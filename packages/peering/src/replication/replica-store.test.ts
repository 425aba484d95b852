// Both stores against the one suite; PostgreSQL also against two writers at once.

import { readFile } from 'node:fs/promises';
import { openPool } from '@telltale/database';
import { createTestDatabase } from '@telltale/database/testing';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { MemoryReplicaStore } from './memory-replica-store.ts';
import { PostgresReplicaStore } from './postgres-replica-store.ts';
import { chunkItem, describeReplicaStore, textItem } from './testing/store-suite.ts';
import { testSigner } from './testing/test-keys.ts';

describeReplicaStore('memory', () => Promise.resolve(new MemoryReplicaStore()));

describe('with PostgreSQL', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let pool: Pool;
  beforeAll(async () => {
    database = await createTestDatabase(inject('testServer'));
    pool = openPool({
      connection: database.target,
      applicationName: 'test',
      maxConnections: 4,
      onError: () => undefined,
    });
    await pool.query(await readFile(new URL('../../migrations/0001_ring.sql', import.meta.url), 'utf8'));
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });
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
