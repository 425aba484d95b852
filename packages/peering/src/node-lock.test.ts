// Two receivers of one database, of which one is the ring's node: on a real PostgreSQL, whose sessions end now and then.

import type { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeLock } from './node-lock.ts';
import { openRingDatabase, poolOf, type RingDatabase } from './testing/ring-database.ts';
import { until } from './testing/until.ts';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined, debug: () => undefined };

let database: RingDatabase;
let pools: Pool[];
let locks: NodeLock[];

beforeEach(async () => {
  database = await openRingDatabase();
  pools = [];
  locks = [];
});
afterEach(async () => {
  for (const lock of locks) {
    await lock.stop();
    lock.release();
  }
  for (const pool of pools) await pool.end();
  await database.close();
});

function openTestPool(): Pool {
  const pool = poolOf(database.database, 'node-lock');
  pools.push(pool);
  return pool;
}

/** A receiver, and what its lock told it. */
function receiver(held: () => Promise<void> = async () => undefined) {
  const told = { held: 0, lost: 0 };
  const lock = new NodeLock({
    pool: openTestPool(),
    log: SILENT,
    async held() {
      await held();
      told.held++;
    },
    async lost() {
      told.lost++;
    },
  });
  locks.push(lock);
  return { lock, told };
}

describe('the lock of the ring’s node', () => {
  it('is one receiver’s until it lets go, and then the other’s', async () => {
    const one = receiver();
    one.lock.start();
    await until(() => one.told.held === 1, 'the first holds it');
    const other = receiver();
    other.lock.start();
    const locked = await openTestPool().query<{ count: bigint }>(
      `SELECT count(*) AS count FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    expect(locked.rows[0]?.count).toBe(1n);
    await one.lock.stop();
    expect(other.told.held).toBe(0);
    one.lock.release();
    await until(() => other.told.held === 1, 'the second holds it');
    expect(one.told).toEqual({ held: 1, lost: 0 });
  });

  it('is told to be lost when its session ends, and is sought again', async () => {
    const { lock, told } = receiver();
    lock.start();
    await until(() => told.held === 1, 'it is held');
    await openTestPool().query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'node-lock' AND datname = current_database() AND pid <> pg_backend_pid()`,
    );
    await until(() => told.lost === 1, 'it is lost');
    await until(() => told.held === 2, 'it is held again');
  });

  it('is let go and sought again when what follows from it fails', async () => {
    let isFailing = true;
    const { lock, told } = receiver(async () => {
      if (!isFailing) return;
      isFailing = false;
      throw new Error('the node could not be opened');
    });
    lock.start();
    await until(() => told.held === 1, 'it is held');
    expect(told.lost).toBe(0);
  });
});
