// Whether a database holds anything yet, against the schema itself: a table that a later migration adds must be looked at too.

import { openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import pg, { type Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { tableNames } from '../testing/table-contents.ts';
import { findOccupiedTable } from './occupied-store.ts';

describe('findOccupiedTable', () => {
  let database: TestDatabase;
  let pool: Pool;
  beforeAll(async () => {
    database = await createTestDatabase(inject('testServer'));
    const connection = database.target;
    pool = openPool({ connection, applicationName: 'telltale-test', maxConnections: 1, onError: () => undefined });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('finds nothing in a database that was only migrated', async () => {
    const client = await pool.connect();
    expect(await findOccupiedTable(client)).toBeUndefined();
    client.release();
  });

  it('finds a row in any table of the schema, whatever it is', async () => {
    const tables = await tableNames(pool);
    expect(tables).toContain('leaves');
    for (const table of tables) {
      const client = await pool.connect();
      await client.query('BEGIN');
      await client.query(table === 'devices_mark' ? 'UPDATE devices_mark SET log_size = 1' : anyRow(table));
      expect(await findOccupiedTable(client)).toBe(table);
      await client.query('ROLLBACK');
      client.release();
    }
  });
});

/** Takes all constraints from a table and inserts a row of defaults. To be rolled back. */
function anyRow(table: string): string {
  const name = pg.escapeLiteral(table);
  return `DO $$
    DECLARE found record;
    BEGIN
      FOR found IN SELECT conname FROM pg_constraint WHERE conrelid = ${name}::regclass ORDER BY contype DESC LOOP
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT IF EXISTS %I CASCADE', ${name}, found.conname);
      END LOOP;
      FOR found IN SELECT column_name FROM information_schema.columns WHERE table_name = ${name} LOOP
        EXECUTE format('ALTER TABLE %I ALTER COLUMN %I DROP NOT NULL', ${name}, found.column_name);
      END LOOP;
      IF ${name} = 'leaves' THEN CREATE TABLE leaves_default PARTITION OF leaves DEFAULT; END IF;
      EXECUTE format('INSERT INTO %I DEFAULT VALUES', ${name});
    END $$`;
}
