// A validation as a guest of the database: how it is ended, and that limits meant for short transactions do not end it.

import { openPool } from '@telltale/database';
import type { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStoredLedger, type StoredLedger } from '../testing/stored-ledger.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';
import { until } from '../testing/until.ts';
import { validateChain } from './validate-chain.ts';

let receiver: TestReceiver;
let stored: StoredLedger;
/** One connection, so that a test can set things for the session that validates. */
let pool: Pool;

beforeEach(async () => {
  receiver = await startTestReceiver();
  stored = await openStoredLedger(receiver);
  const connection = receiver.database.target;
  pool = openPool({ connection, applicationName: 'telltale-guest', maxConnections: 1, onError: () => undefined });
});
afterEach(async () => {
  await pool.end();
  await stored.close();
  await receiver.stop();
});

const validate = (signal: AbortSignal) => validateChain(pool, { ledger: stored.identity, signal });
const gone = new Error('nobody waits any more');

describe('validateChain', () => {
  it('rejects with the reason of its signal at once, in PostgreSQL too, when a query waits', async () => {
    // Otherwise PostgreSQL would end the wait, or the session that is waited for, by itself.
    await pool.query('SET lock_timeout = 0');
    const locker = await stored.pool.connect();
    await locker.query('SET idle_in_transaction_session_timeout = 0');
    await locker.query('BEGIN');
    // Only a validation reads this table while the receiver runs.
    await locker.query('LOCK TABLE ledger IN ACCESS EXCLUSIVE MODE');
    const waiting = async () => {
      const { rows } = await locker.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_locks
          WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      return rows[0]?.waiting;
    };
    const caller = new AbortController();
    const report = validate(caller.signal);
    await until('it waits for the lock', async () => (await waiting()) === 1);
    caller.abort(gone);
    await expect(report).rejects.toBe(gone);
    await until('PostgreSQL waits no more', async () => (await waiting()) === 0);
    await locker.query('ROLLBACK');
    locker.release();
    // The pool has forgotten the connection, and opens another.
    expect((await validate(new AbortController().signal)).fault).toBeUndefined();
  });

  it('takes no connection when its signal has aborted before', async () => {
    await expect(validate(AbortSignal.abort(gone))).rejects.toBe(gone);
    expect(pool.totalCount).toBe(0);
  });

  it('ends no later than its next look when its signal aborts between two queries', async () => {
    const caller = new AbortController();
    pool.on('connect', (client) => client.on('notice', () => caller.abort(gone)));
    await tellOnRead(`'read'`);
    await expect(validate(caller.signal)).rejects.toBe(gone);
  });

  it('lifts the limits on pauses and statements for its own transaction alone', async () => {
    const said: (string | undefined)[] = [];
    pool.on('connect', (client) => client.on('notice', ({ message }) => said.push(message)));
    await pool.query(`SET idle_in_transaction_session_timeout = '7s'; SET statement_timeout = '8s'`);
    const limits = `current_setting('idle_in_transaction_session_timeout') || ' ' || current_setting('statement_timeout')`;
    await tellOnRead(limits);
    await validate(new AbortController().signal);
    expect(said).toEqual(['0 0']);
    const { rows } = await pool.query<{ limits: string }>(`SELECT ${limits} AS limits`);
    expect(rows).toEqual([{ limits: '7s 8s' }]);
  });
});

/** Lets the database say something to whoever reads the ledger's identity, which a validation does once. */
async function tellOnRead(expression: string): Promise<void> {
  await stored.pool.query(`
    CREATE FUNCTION tell() RETURNS boolean LANGUAGE plpgsql AS
      $$ BEGIN RAISE NOTICE '%', ${expression}; RETURN true; END $$;
    ALTER TABLE ledger RENAME TO ledger_kept;
    CREATE VIEW ledger AS SELECT * FROM ledger_kept WHERE tell();
  `);
}
