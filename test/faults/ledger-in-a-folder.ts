// What one ledger of a fault test lives in: a database of its own, and a folder for the ledger's key. Processes come and go on it.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import { inject } from 'vitest';

export interface TestLedger {
  readonly folder: string;
  readonly database: TestDatabase;
  /** A test's own connections. */
  readonly pool: ReturnType<typeof openPool>;
  /** What a receiver of this ledger needs of its environment. */
  readonly variables: Record<string, string>;
  remove(): Promise<void>;
}

export async function makeTestLedger(): Promise<TestLedger> {
  const folder = await mkdtemp(join(tmpdir(), 'telltale-faults-'));
  const database = await createTestDatabase(inject('testServer'));
  const pool = openPool({
    connection: database.target,
    applicationName: 'telltale-test',
    maxConnections: 4,
    onError: () => undefined,
  });
  return {
    folder,
    database,
    pool,
    variables: { DATABASE_URL: database.url, DATA_DIR: folder },
    async remove() {
      await pool.end();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
