// The pool against a real server: types, and connections that are cut.

import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openPool } from './pool.ts';
import { until } from './testing/embedded-fixture.ts';
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase(inject('testServer'));
});
afterAll(() => database.drop());

function open(onError: (error: Error) => void = () => undefined): pg.Pool {
  return openPool({
    connection: database.target,
    applicationName: 'pool-test',
    maxConnections: 2,
    onError,
    isPipelined: true,
  });
}

describe('a pool', () => {
  it('reads int8 as bigint, int8[] as an array of it, and bytea as a Buffer', async () => {
    const pool = open();
    const { rows } = await pool.query(
      `SELECT 9007199254740993::int8 AS big, '{1,NULL,-9007199254740993}'::int8[] AS bigs, '{}'::int8[] AS none, '\\x00ff'::bytea AS bytes`,
    );
    expect(rows).toEqual([
      { big: 9007199254740993n, bigs: [1n, null, -9007199254740993n], none: [], bytes: Buffer.from([0, 255]) },
    ]);
    await pool.end();
  });

  it('takes bigint and Uint8Array as values', async () => {
    const pool = open();
    const { rows } = await pool.query('SELECT $1::int8 AS big, $2::bytea AS bytes', [
      2n ** 62n,
      new Uint8Array([1, 2]),
    ]);
    expect(rows).toEqual([{ big: 2n ** 62n, bytes: Buffer.from([1, 2]) }]);
    await pool.end();
  });

  it('leaves the parsers of other connections alone', async () => {
    await open().end();
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    expect((await client.query('SELECT 1::int8 AS big')).rows).toEqual([{ big: '1' }]);
    await client.end();
  });

  it('gives no session the time to hold the locks of a process that is frozen', async () => {
    const pool = open(() => undefined);
    const settings = `SELECT name, setting::int AS ms FROM pg_settings
      WHERE name IN ('idle_in_transaction_session_timeout', 'lock_timeout') ORDER BY name`;
    const { rows } = await pool.query(settings);
    expect(rows).toEqual([
      { name: 'idle_in_transaction_session_timeout', ms: 10_000 },
      { name: 'lock_timeout', ms: 15_000 },
    ]);
    await pool.end();
  });

  it('reports a connection that is cut, idle or in use, and goes on with new ones', async () => {
    const errors: Error[] = [];
    const pool = open((error) => errors.push(error));
    const victim = await pool.connect();
    const idle = await pool.connect();
    idle.release();
    const { rows } = await idle.query('SELECT pg_backend_pid() AS pid');
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [
      'pool-test',
    ]);
    // A failure may be reported more than once: that the idle connection is gone is what the next query needs.
    await until('both failures are reported', () => errors.length >= 2 && pool.idleCount === 0);
    victim.release(true);
    const after = await pool.query('SELECT pg_backend_pid() AS pid');
    expect(after.rows[0]?.pid).not.toBe(rows[0]?.pid);
    await admin.end();
    await pool.end();
  });
});
