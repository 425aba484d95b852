// The account of devices in PostgreSQL: one row a device, and the mark up to which the log is accounted. Written by devices/account-devices.ts
// alone. Where a device's readings stand is in device-runs-store.ts.

import type { SeqRange } from '@telltale/ledger';
import type { Pool, PoolClient } from 'pg';
import type { DeviceState } from '../devices/device-account.ts';

export interface StoredDevice {
  readonly device: string;
  readonly state: DeviceState;
}

/** What accounting goes on from. */
export interface DeviceRecord {
  readonly state: DeviceState;
  /** Leaf indexes of its newest readings, those that no run has yet (device-runs-store.ts). */
  readonly newestLeaves: readonly number[];
}

interface DeviceRow {
  device: string;
  readings: bigint;
  readings_without_seq: bigint;
  duplicates: bigint;
  missing_unplaced: bigint;
  seen: bigint[];
  first_received_at: bigint;
  last_received_at: bigint;
  last_device_time: bigint | null;
  last_clock_offset: bigint | null;
}

const COLUMNS = `device, readings, readings_without_seq, duplicates, missing_unplaced, seen, first_received_at, last_received_at,
  last_device_time, last_clock_offset`;

/** The number of leaves that are accounted. */
export async function loadDevicesMark(client: Pool | PoolClient): Promise<number> {
  const { rows } = await client.query<{ log_size: bigint }>('SELECT log_size FROM devices_mark');
  const row = rows[0];
  if (!row) throw new Error('the database has no mark of the devices');
  return Number(row.log_size);
}

/**
 * Moves the mark, if it stands at `from`; false otherwise. Its row stays locked until the transaction ends: until then nobody else writes
 * the tables of devices, and what is read of them in later statements is the newest.
 */
export async function moveDevicesMark(client: PoolClient, move: { from: number; to: number }): Promise<boolean> {
  const { rowCount } = await client.query({
    name: 'move-devices-mark',
    text: 'UPDATE devices_mark SET log_size = $2 WHERE log_size = $1',
    values: [move.from, move.to],
  });
  return rowCount === 1;
}

/** The records of these devices, as far as they have spoken. */
export async function loadDeviceRecords(
  client: PoolClient,
  devices: readonly string[],
): Promise<Map<string, DeviceRecord>> {
  const { rows } = await client.query<DeviceRow & { newest_leaves: bigint[] }>({
    name: 'load-device-records',
    text: `SELECT ${COLUMNS}, newest_leaves FROM devices WHERE device = ANY ($1::text[])`,
    values: [devices],
  });
  return new Map(rows.map((row) => [row.device, { state: toState(row), newestLeaves: row.newest_leaves.map(Number) }]));
}

/** Writes what `loadDeviceRecords` reads. The caller's transaction holds the mark. */
export async function saveDeviceRecords(client: PoolClient, records: ReadonlyMap<string, DeviceRecord>): Promise<void> {
  const saved = [...records].map(([device, { state, newestLeaves }]) => ({
    device,
    ...state.sequence,
    clock: state.clock,
    newestLeaves,
  }));
  await client.query({
    name: 'save-device-records',
    text: `INSERT INTO devices (${COLUMNS}, newest_leaves)
     SELECT device, readings, readings_without_seq, duplicates, missing_unplaced, seen::bigint[], first_received_at, last_received_at,
            last_device_time, last_clock_offset, newest_leaves::bigint[]
       FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[], $8::bigint[],
                   $9::bigint[], $10::bigint[], $11::text[]) AS new (${COLUMNS}, newest_leaves)
     ON CONFLICT (device) DO UPDATE SET
       readings = excluded.readings, readings_without_seq = excluded.readings_without_seq, duplicates = excluded.duplicates,
       missing_unplaced = excluded.missing_unplaced, seen = excluded.seen, first_received_at = excluded.first_received_at,
       last_received_at = excluded.last_received_at, last_device_time = excluded.last_device_time,
       last_clock_offset = excluded.last_clock_offset, newest_leaves = excluded.newest_leaves`,
    values: [
      saved.map(({ device }) => device),
      saved.map(({ readings }) => readings),
      saved.map(({ withoutSeq }) => withoutSeq),
      saved.map(({ duplicates }) => duplicates),
      saved.map(({ missingUnplaced }) => missingUnplaced),
      saved.map(({ seen }) => `{${seen.map(({ start, end }) => `${start},${end}`).join(',')}}`),
      saved.map(({ firstReceivedAtUs }) => firstReceivedAtUs),
      saved.map(({ lastReceivedAtUs }) => lastReceivedAtUs),
      saved.map(({ clock }) => clock?.deviceTimeUs),
      saved.map(({ clock }) => clock?.offsetUs),
      saved.map(({ newestLeaves }) => `{${newestLeaves.join(',')}}`),
    ],
  });
}

/** The next devices after `after`, by the bytes of their names; the first ones when it is empty. */
export async function readDevicePage(
  client: PoolClient,
  page: { after: string; limit: number },
): Promise<StoredDevice[]> {
  const { rows } = await client.query<DeviceRow>(
    `SELECT ${COLUMNS} FROM devices WHERE device > $1 ORDER BY device LIMIT $2`,
    [page.after, page.limit],
  );
  return rows.map((row) => ({ device: row.device, state: toState(row) }));
}

function toState(row: DeviceRow): DeviceState {
  const { last_device_time: deviceTime, last_clock_offset: offset } = row;
  const clock =
    deviceTime === null || offset === null ? undefined : { deviceTimeUs: exact(deviceTime), offsetUs: exact(offset) };
  return {
    sequence: {
      readings: exact(row.readings),
      withoutSeq: exact(row.readings_without_seq),
      duplicates: exact(row.duplicates),
      missingUnplaced: exact(row.missing_unplaced),
      seen: toRanges(row.seen),
      firstReceivedAtUs: exact(row.first_received_at),
      lastReceivedAtUs: exact(row.last_received_at),
    },
    ...(clock && { clock }),
  };
}

/** Starts and ends by turns, as the column has them. */
export function toRanges(numbers: readonly (bigint | null | undefined)[]): SeqRange[] {
  return Array.from({ length: Math.ceil(numbers.length / 2) }, (_, i) => ({
    start: exact(numbers[2 * i]),
    end: exact(numbers[2 * i + 1]),
  }));
}

/**
 * NaN for what no account writes: it equals nothing, so validation finds it, and PostgreSQL refuses it where sealing would go on from it.
 * 2^53 is the end of the highest range.
 */
function exact(value: bigint | null | undefined): number {
  if (value === null || value === undefined) return Number.NaN;
  const number = Number(value);
  return Math.abs(number) <= 2 ** 53 && BigInt(number) === value ? number : Number.NaN;
}
