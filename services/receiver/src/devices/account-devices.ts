// Accounts sealed readings to their devices: called by the sealer inside the transaction that seals them, and for blocks that were sealed
// without it (by a receiver of an older version, or by hand) before the sealer goes on.

import { inTransaction } from '@telltale/database';
import type { Pool, PoolClient } from 'pg';
import { ReceiverError } from '../errors.ts';
import { insertDeviceRuns } from '../store/device-runs-store.ts';
import { loadDeviceRecords, loadDevicesMark, moveDevicesMark, saveDeviceRecords } from '../store/device-store.ts';
import { readLeafPage } from '../store/leaf-store.ts';
import { DeviceAccount } from './device-account.ts';
import { type DeviceReading, readDeviceReading } from './device-reading.ts';

/**
 * Readings of a device that make a run; fewer wait in the device's own row, which is written at each sealing anyway. Measured with 50
 * devices in blocks of 100: 32 take 8 bytes of PostgreSQL a reading and three quarters of the CPU of a run for each block (69 bytes); 64 save
 * 2 bytes more and write more log.
 */
const MIN_RUN_READINGS = 32;

/** Leaves [from, to) of the log, and the readings among them, in order. */
export interface SealedReadings {
  readonly from: number;
  readonly to: number;
  readonly readings: readonly DeviceReading[];
}

/**
 * Accounts the leaves that follow those accounted so far. States are read and written under the mark's lock: nothing is kept in memory that
 * a restart or another sealer could make old. A crash before the caller's COMMIT leaves tables and mark as they were; after it, both stand
 * at `to`. Throws `head-moved` when the leaves accounted so far do not end at `from`.
 */
export async function accountDevices(client: PoolClient, sealed: SealedReadings): Promise<void> {
  if (!(await moveDevicesMark(client, sealed))) {
    throw new ReceiverError('head-moved', 'the devices were accounted by another receiver meanwhile');
  }
  const byDevice = Map.groupBy(sealed.readings, (reading) => reading.device);
  if (byDevice.size === 0) return;
  const records = await loadDeviceRecords(client, [...byDevice.keys()]);
  const runs = new Map<string, readonly number[]>();
  for (const [device, readings] of byDevice) {
    const record = records.get(device);
    const account = new DeviceAccount(record?.state);
    for (const reading of readings) account.take(reading);
    const leaves = [...(record?.newestLeaves ?? []), ...readings.map(({ leafIndex }) => leafIndex)];
    const isRun = leaves.length >= MIN_RUN_READINGS;
    if (isRun) runs.set(device, leaves);
    records.set(device, { state: account.state(), newestLeaves: isRun ? [] : leaves });
  }
  await saveDeviceRecords(client, records);
  if (runs.size > 0) await insertDeviceRuns(client, runs);
}

/**
 * Accounts what is sealed and not accounted yet, a page and a transaction at a time; as a rule that is nothing. A crash between two
 * pages leaves the mark between them, and the next sealer goes on there. Throws `edge-mismatch` when tables or leaves were altered.
 */
export async function catchUpDevices(pool: Pool, logSize: number): Promise<void> {
  for (;;) {
    const from = await loadDevicesMark(pool);
    if (from === logSize) return;
    const page = from < logSize ? await readLeafPage(pool, { start: from, end: logSize }) : [];
    const last = page.at(-1);
    if (!last || page.some(({ leafIndex }, i) => leafIndex !== from + i)) {
      throw new ReceiverError('edge-mismatch', `devices are accounted up to leaf ${from}, which does not fit the log`);
    }
    const readings = page.flatMap((stored) => readDeviceReading(stored) ?? []);
    await inTransaction(pool, { isolation: 'read committed' }, (client) =>
      accountDevices(client, { from, to: last.leafIndex + 1, readings }),
    );
  }
}
