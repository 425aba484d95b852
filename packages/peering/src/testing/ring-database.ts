// A database of its own for one test or file, with peering's tables.

import { readdir, readFile } from 'node:fs/promises';
import { openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import type { Pool } from 'pg';
import { inject } from 'vitest';

const MIGRATIONS = new URL('../../migrations/', import.meta.url);

export interface RingDatabase {
  readonly database: TestDatabase;
  readonly pool: Pool;
  /** Drops it. */
  close(): Promise<void>;
}

/** A pool of the database; the caller ends it. */
export function poolOf({ target: connection }: TestDatabase, applicationName = 'test'): Pool {
  return openPool({ connection, applicationName, maxConnections: 4, onError: () => undefined });
}

export async function openRingDatabase(): Promise<RingDatabase> {
  const database = await createTestDatabase(inject('testServer'));
  const pool = poolOf(database);
  for (const name of (await readdir(MIGRATIONS)).toSorted()) {
    await pool.query(await readFile(new URL(name, MIGRATIONS), 'utf8'));
  }
  return {
    database,
    pool,
    async close() {
      await pool.end();
      await database.drop();
    },
  };
}
