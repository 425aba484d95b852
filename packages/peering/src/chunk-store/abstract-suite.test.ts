// The whole suite of abstract-chunk-store on one node: its store in memory, and in PostgreSQL.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryReplicaStore } from '../replication/memory-replica-store.ts';
import { PostgresReplicaStore } from '../replication/postgres-replica-store.ts';
import type { ReplicaStore } from '../replication/replica-store.ts';
import { testSigner } from '../replication/testing/test-keys.ts';
import { openRingDatabase, type RingDatabase } from '../testing/ring-database.ts';
import { localPlace } from './chunk-place.ts';
import { mustPassAbstractSuite } from './testing/abstract-suite.ts';

/** Options of stores on this place, and what failed in it. */
function storesOn(store: ReplicaStore) {
  const failures: unknown[] = [];
  const nowUs = () => Date.now() * 1000;
  const { nodeKey: rawKey, sign } = testSigner(1);
  const place = localPlace({ store, nowUs, onFailure: (error) => failures.push(error) });
  return { options: { place, owner: { rawKey, sign }, nowUs }, failures };
}

describe('the suite of abstract-chunk-store', () => {
  it('passes, all 16 tests, on a store in memory', async () => {
    const { options, failures } = storesOn(new MemoryReplicaStore());
    await mustPassAbstractSuite(options);
    expect(failures).toEqual([]);
  });

  describe('with PostgreSQL', () => {
    let database: RingDatabase;
    beforeAll(async () => {
      database = await openRingDatabase();
    });
    afterAll(() => database.close());

    it('passes, all 16 tests, on one node’s PostgreSQL', async () => {
      const { options, failures } = storesOn(new PostgresReplicaStore(database.pool));
      await mustPassAbstractSuite(options);
      expect(failures).toEqual([]);
    });
  });
});
