// Transactions against a real server: what is durable, and what is known, after each way of failing.

import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { CommitOutcomeUnknownError } from './database-error.ts';
import { openPool } from './pool.ts';
import { startCutProxy } from './testing/cut-proxy.ts';
import { until } from './testing/embedded-fixture.ts';
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts';
import { inTransaction, isRetryable, retryTransaction } from './transaction.ts';

const readCommitted = { isolation: 'read committed' } as const;
const repeatableRead = { isolation: 'repeatable read' } as const;

let database: TestDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createTestDatabase(inject('testServer'));
});
afterAll(() => database.drop());
beforeEach(async () => {
  pool = openPool({
    connection: database.target,
    applicationName: 'test',
    maxConnections: 3,
    onError: () => undefined,
  });
  await pool.query('CREATE TABLE written (value int4 UNIQUE DEFERRABLE INITIALLY DEFERRED)');
});
afterEach(async () => {
  await pool.query('DROP TABLE written');
  await pool.end();
});

async function written(): Promise<unknown[]> {
  const { rows } = await pool.query<{ value: number }>('SELECT value FROM written ORDER BY value');
  return rows.map(({ value }) => value);
}

describe('inTransaction', () => {
  it('commits and returns what the work returned', async () => {
    const result = await inTransaction(pool, readCommitted, async (client) => {
      await client.query('INSERT INTO written VALUES (1)');
      return 'done';
    });
    expect(result).toBe('done');
    expect(await written()).toEqual([1]);
  });

  it('opens the isolation and the access mode that were asked for', async () => {
    const modes = await inTransaction(pool, { isolation: 'repeatable read', isReadOnly: true }, async (client) => {
      const sql = `SELECT current_setting('transaction_isolation') AS isolation, current_setting('transaction_read_only') AS "readOnly"`;
      return (await client.query(sql)).rows;
    });
    expect(modes).toEqual([{ isolation: 'repeatable read', readOnly: 'on' }]);
  });

  it('rolls back when the work throws, and keeps the healthy connection', async () => {
    const failure = new Error('no');
    const work = inTransaction(pool, readCommitted, async (client) => {
      await client.query('INSERT INTO written VALUES (1)');
      throw failure;
    });
    await expect(work).rejects.toBe(failure);
    expect(await written()).toEqual([]);
    expect(pool.totalCount).toBe(1);
  });

  it('throws when the work swallowed the failure of a statement', async () => {
    const work = inTransaction(pool, readCommitted, async (client) => {
      await client.query('INSERT INTO written VALUES (1)');
      await client.query('SELECT 1/0').catch(() => undefined);
    });
    await expect(work).rejects.toMatchObject({ code: 'transaction-rolled-back' });
    expect(await written()).toEqual([]);
  });

  it('passes on an error that PostgreSQL gives at COMMIT, because then nothing was committed', async () => {
    const work = inTransaction(pool, readCommitted, (client) => client.query('INSERT INTO written VALUES (1), (1)'));
    await expect(work).rejects.toMatchObject({ code: '23505' });
    expect(await written()).toEqual([]);
  });

  it('closes a connection that failed under the work', async () => {
    const work = inTransaction(pool, readCommitted, (client) =>
      client.query('SELECT pg_terminate_backend(pg_backend_pid())'),
    );
    await expect(work).rejects.toMatchObject({ code: '57P01' });
    expect(pool.totalCount).toBe(0);
    expect(await written()).toEqual([]);
  });
});

describe('a COMMIT without an answer', () => {
  it('is an unknown outcome when the backend is terminated during COMMIT', async () => {
    // The deferred check makes COMMIT wait for the other transaction that holds the same value.
    const other = await pool.connect();
    await other.query('BEGIN');
    await other.query('INSERT INTO written VALUES (1)');
    let pid = 0;
    const work = inTransaction(pool, readCommitted, async (client) => {
      pid = (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0;
      await client.query('INSERT INTO written VALUES (1)');
    });
    const outcome = work.then(
      () => 'committed',
      (error: unknown) => error,
    );
    await until('COMMIT is waiting', async () => {
      const sql = `SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND query = 'COMMIT' AND wait_event_type = 'Lock'`;
      return (await pool.query(sql, [pid])).rowCount === 1;
    });
    await pool.query('SELECT pg_terminate_backend($1)', [pid]);
    const error = await outcome;
    expect(error).toBeInstanceOf(CommitOutcomeUnknownError);
    expect(error).toMatchObject({ code: 'commit-outcome-unknown', cause: { code: '57P01' } });
    await other.query('ROLLBACK');
    other.release();
    expect(await written()).toEqual([]);
  });

  it('is an unknown outcome when the answer is lost, although the transaction is durable', async () => {
    const proxy = await startCutProxy(database.target, async () => (await written()).length === 1);
    const cut = openPool({
      connection: proxy.target,
      applicationName: 'cut',
      maxConnections: 1,
      onError: () => undefined,
    });
    const work = inTransaction(cut, readCommitted, (client) => client.query('INSERT INTO written VALUES (1)'));
    await expect(work).rejects.toBeInstanceOf(CommitOutcomeUnknownError);
    expect(await written()).toEqual([1]);
    expect(cut.totalCount).toBe(0);
    await cut.end();
    proxy.close();
  });
});

describe('retryTransaction', () => {
  async function loseOnce(client: pg.PoolClient): Promise<void> {
    await client.query('SELECT value FROM written');
    await pool.query('UPDATE written SET value = value + 10');
    await client.query('UPDATE written SET value = value + 1');
  }

  it('runs the work again after a serialization failure', async () => {
    await pool.query('INSERT INTO written VALUES (1)');
    let attempts = 0;
    await retryTransaction(pool, repeatableRead, async (client) => {
      attempts += 1;
      if (attempts === 1) await loseOnce(client);
      else await client.query('UPDATE written SET value = value + 1');
    });
    expect(attempts).toBe(2);
    expect(await written()).toEqual([12]);
  });

  it('gives up after the attempts that it was given', async () => {
    await pool.query('INSERT INTO written VALUES (1)');
    let attempts = 0;
    const work = retryTransaction(pool, { ...repeatableRead, attempts: 2 }, async (client) => {
      attempts += 1;
      await loseOnce(client);
    });
    await expect(work).rejects.toSatisfy(isRetryable);
    expect(attempts).toBe(2);
  });

  it('does not repeat other errors', async () => {
    let attempts = 0;
    const work = retryTransaction(pool, readCommitted, async (client) => {
      attempts += 1;
      await client.query('SELECT 1/0');
    });
    await expect(work).rejects.toMatchObject({ code: '22012' });
    expect(attempts).toBe(1);
  });
});
