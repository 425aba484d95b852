// The sealer's lease with a real database: one holder, a token that grows, an end that PostgreSQL's clock decides.
// Time does not pass in these tests: the stored expiry is moved instead.

import { inTransaction, openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import type { Pool } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { acquireLease, holdsLease, releaseLease } from '../store/lease-store.ts';
import { until } from '../testing/until.ts';
import { Lease } from './lease.ts';

const A = '00000000-0000-4000-8000-00000000000a';
const B = '00000000-0000-4000-8000-00000000000b';

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase(inject('testServer'));
  pool = openPool({
    connection: database.target,
    applicationName: 'test',
    maxConnections: 4,
    onError: () => undefined,
  });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await pool.query('DELETE FROM sealer_lease');
});

const expire = () => pool.query(`UPDATE sealer_lease SET expires_at = clock_timestamp() - interval '1 millisecond'`);
const holds = (token: bigint) =>
  inTransaction(pool, { isolation: 'read committed' }, (client) => holdsLease(client, token));

describe('the lease row', () => {
  it('goes to one of two holders and stays with it', async () => {
    const taken = await Promise.all([A, B].map((holder) => acquireLease(pool, { holder, durationMs: 60_000 })));
    expect(taken.filter((token) => token !== undefined)).toEqual([1n]);
    const winner = taken[0] === undefined ? B : A;
    expect(await acquireLease(pool, { holder: winner, durationMs: 60_000 })).toBe(1n);
  });

  it('goes to the other once it has run out, with a greater token, and the old token commits nothing', async () => {
    expect(await acquireLease(pool, { holder: A, durationMs: 60_000 })).toBe(1n);
    expect(await acquireLease(pool, { holder: B, durationMs: 60_000 })).toBeUndefined();
    await expire();
    expect(await acquireLease(pool, { holder: B, durationMs: 60_000 })).toBe(2n);
    expect(await holds(1n)).toBe(false);
    expect(await holds(2n)).toBe(true);
    expect(await acquireLease(pool, { holder: A, durationMs: 60_000 })).toBeUndefined();
  });

  it('keeps the token of a holder that comes back before anybody else did', async () => {
    await acquireLease(pool, { holder: A, durationMs: 60_000 });
    await expire();
    expect(await acquireLease(pool, { holder: A, durationMs: 60_000 })).toBe(1n);
  });

  it('can be taken at once when it was released, and only its holder releases it', async () => {
    await acquireLease(pool, { holder: A, durationMs: 60_000 });
    await releaseLease(pool, B);
    expect(await acquireLease(pool, { holder: B, durationMs: 60_000 })).toBeUndefined();
    await releaseLease(pool, A);
    expect(await acquireLease(pool, { holder: B, durationMs: 60_000 })).toBe(2n);
  });

  it('does not change hands while a sealing transaction holds it', async () => {
    await acquireLease(pool, { holder: A, durationMs: 60_000 });
    await expire();
    let taking: Promise<bigint | undefined> = Promise.resolve(undefined);
    let isTaken = false;
    await inTransaction(pool, { isolation: 'read committed' }, async (client) => {
      expect(await holdsLease(client, 1n)).toBe(true);
      taking = acquireLease(pool, { holder: B, durationMs: 60_000 }).finally(() => {
        isTaken = true;
      });
      await until('the other holder waits for the row', async () => {
        const { rowCount } = await pool.query(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return rowCount === 1;
      });
      expect(isTaken).toBe(false);
    });
    expect(await taking).toBe(2n);
  });
});

describe('Lease', () => {
  const leases: Lease[] = [];
  const makeLease = () => {
    const lease = new Lease(pool, () => undefined);
    leases.push(lease);
    return lease;
  };
  afterEach(async () => {
    for (const lease of leases.splice(0)) await lease.release();
  });

  it('is held by one of two, and by the other after a release', async () => {
    const [first, second] = [makeLease(), makeLease()];
    const held = await first.hold();
    expect(held?.lost.aborted).toBe(false);
    expect(await second.hold()).toBeUndefined();
    expect((await first.hold())?.token).toBe(held?.token);
    await first.release();
    expect(held?.lost.aborted).toBe(true);
    const next = await second.hold();
    expect(next?.token).toBe((held?.token ?? 0n) + 1n);
  });

  it('aborts its signal when a renewal finds that another holder took over', async () => {
    const lease = makeLease();
    const held = await lease.hold();
    if (!held) throw new Error('the lease was not free');
    const isLost = new Promise((resolve) => held.lost.addEventListener('abort', resolve));
    await expire();
    expect(await acquireLease(pool, { holder: B, durationMs: 60_000 })).toBe(held.token + 1n);
    await isLost;
    expect(await lease.hold()).toBeUndefined();
  });
});
