// The tables of devices after any interleaving of runs, crashes and rivals: what the ledger package's SequenceAccount gives over the same log.

import { inTransaction, openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import { SequenceAccount } from '@telltale/ledger';
import fc from 'fast-check';
import type { Pool } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { findLeafIndexesOfDevice } from '../store/device-runs-store.ts';
import { loadDevicesMark, readDevicePage, type StoredDevice } from '../store/device-store.ts';
import { accountDevices } from './account-devices.ts';
import type { DeviceReading } from './device-reading.ts';

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
beforeEach(empty);
afterAll(async () => {
  await pool.end();
  await database.drop();
});

async function empty(): Promise<void> {
  await pool.query('TRUNCATE devices, device_readings');
  await pool.query('UPDATE devices_mark SET log_size = 0');
}

const READ_COMMITTED = { isolation: 'read committed' } as const;

const storedDevices = (): Promise<StoredDevice[]> =>
  inTransaction(pool, READ_COMMITTED, (client) => readDevicePage(client, { after: '', limit: 100 }));

/** Accounts the leaves [from, to) of a log in which every leaf is a reading, as one run. */
const account = (log: readonly DeviceReading[], { from, to }: { from: number; to: number }) =>
  inTransaction(pool, READ_COMMITTED, (client) => accountDevices(client, { from, to, readings: log.slice(from, to) }));

/** The same, up to the crash just before its commit. */
const crash = (log: readonly DeviceReading[], { from, to }: { from: number; to: number }) =>
  inTransaction(pool, READ_COMMITTED, async (client) => {
    await accountDevices(client, { from, to, readings: log.slice(from, to) });
    throw new Error('crash');
  }).catch((error: unknown) => expect(error).toEqual(new Error('crash')));

const DEVICES = ['Raspberry Pi 1', 'Raspberry Pi 10', 'é "\\{,}', '__proto__'];

const someReading = fc.record(
  {
    device: fc.constantFrom(...DEVICES),
    seq: fc.oneof(fc.nat({ max: 20 }), fc.constantFrom(0, 2 ** 53 - 2, 2 ** 53 - 1)),
    deviceTimeUs: fc.oneof(fc.nat({ max: 1_000 }), fc.constant(2 ** 53 - 1)),
  },
  { requiredKeys: ['device'] },
);
const someLog = fc
  .array(someReading, { maxLength: 60 })
  .map((readings): DeviceReading[] =>
    readings.map((reading, leafIndex) => ({ ...reading, leafIndex, receivedAtUs: 1_000 + 7 * leafIndex })),
  );
/** Where each run ends, in tenths of what is left, and whether it is tried once in vain before. */
const someRuns = fc.array(fc.record({ tenths: fc.integer({ min: 1, max: 10 }), crashes: fc.boolean() }), {
  minLength: 1,
  maxLength: 8,
});

describe('accountDevices', () => {
  it('leaves what a SequenceAccount over the whole log gives, however the log is cut and whatever crashes', async () => {
    await fc.assert(
      fc.asyncProperty(someLog, someRuns, async (log, runs) => {
        await empty();
        let from = 0;
        for (const [i, { tenths, crashes }] of runs.entries()) {
          const to = i === runs.length - 1 ? log.length : from + Math.ceil(((log.length - from) * tenths) / 10);
          if (crashes) await crash(log, { from, to });
          await account(log, { from, to });
          from = to;
        }

        const expected = new SequenceAccount();
        for (const reading of log) expected.take(reading);
        const stored = await storedDevices();
        expect(Object.fromEntries(stored.map(({ device, state }) => [device, state.sequence]))).toEqual(
          expected.state(),
        );
        for (const { device, state } of stored) {
          const timed = log.findLast((reading) => reading.device === device && reading.deviceTimeUs !== undefined);
          const deviceTimeUs = timed?.deviceTimeUs ?? 0;
          const clock = timed && { deviceTimeUs, offsetUs: deviceTimeUs - timed.receivedAtUs };
          expect(state.clock).toEqual(clock);
        }
        for (const device of DEVICES) {
          const found = await findLeafIndexesOfDevice(pool, { device, start: 0, end: 1_000, limit: 1_000 });
          expect(found).toEqual(log.filter((reading) => reading.device === device).map(({ leafIndex }) => leafIndex));
        }
        expect(await loadDevicesMark(pool)).toBe(log.length);
      }),
      { numRuns: 60 },
    );
  });

  it('takes each leaf once when two sealers account the same ones at the same time', async () => {
    const log = Array.from({ length: 40 }, (_, i) => ({ device: 'Pi', leafIndex: i, receivedAtUs: i, seq: i }));
    for (let from = 0; from < 40; from += 4) {
      const tries = [1, 2, 3].map(() => account(log, { from, to: from + 4 }));
      const results = await Promise.allSettled(tries);
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const result of results) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'head-moved' });
      }
    }
    const [stored] = await storedDevices();
    expect(stored?.state.sequence).toMatchObject({ readings: 40, duplicates: 0, seen: [{ start: 0, end: 40 }] });
  });

  it('moves the mark over leaves that are no readings, and refuses to leave any out', async () => {
    await account([], { from: 0, to: 3 });
    expect(await loadDevicesMark(pool)).toBe(3);
    await expect(account([], { from: 4, to: 5 })).rejects.toMatchObject({ code: 'head-moved' });
    await expect(account([], { from: 2, to: 5 })).rejects.toMatchObject({ code: 'head-moved' });
    expect(await storedDevices()).toEqual([]);
  });

  it('goes on from the most ranges that a device may have', async () => {
    const log = Array.from({ length: 4_200 }, (_, i) => ({
      device: 'Pi',
      leafIndex: i,
      receivedAtUs: i,
      seq: 2 * i,
    }));
    for (let from = 0; from < 4_200; from += 1_400) await account(log, { from, to: from + 1_400 });
    const expected = new SequenceAccount();
    for (const reading of log) expected.take(reading);
    const [stored] = await storedDevices();
    expect(stored?.state.sequence).toEqual(expected.device('Pi')?.state());
    expect(stored?.state.sequence.missingUnplaced).toBeGreaterThan(0);
  });
});
