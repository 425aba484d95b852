// The schema's state on a real server, as a running service may find it.

import type pg from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { openPool } from './pool.ts';
import { schemaState } from './schema-state.ts';
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts';

let database: TestDatabase;
let pool: pg.Pool;
beforeEach(async () => {
  database = await createTestDatabase(inject('testServer'));
  pool = openPool({
    connection: database.target,
    applicationName: 'telltale-test',
    maxConnections: 1,
    onError: () => undefined,
  });
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

describe('schemaState', () => {
  it('is current after the migrations', async () => {
    expect(await schemaState(pool)).toBe('current');
  });

  it('is newer when a later version has migrated the database', async () => {
    await pool.query(`INSERT INTO schema_migrations (name, run_on) VALUES ('9999_future', now())`);
    expect(await schemaState(pool)).toBe('newer');
  });

  it('is behind when a migration is not recorded, also beside a newer one', async () => {
    await pool.query(`UPDATE schema_migrations SET name = '9999_future' WHERE name LIKE '0001_%'`);
    expect(await schemaState(pool)).toBe('behind');
  });

  it('is behind where there is no schema', async () => {
    await pool.query('DROP TABLE schema_migrations');
    expect(await schemaState(pool)).toBe('behind');
  });
});
