// What people ask of devices: their names, their state with the newest gaps, and the keys that speak for them. Read only. The state is as of
// the newest block, the keys are as of the newest leaf.

import type { SeqRange } from '@telltale/ledger';
import type { Pool } from 'pg';
import type { DeviceClock } from '../devices/device-account.ts';
import { toRanges } from './device-store.ts';

export interface DeviceView {
  readonly device: string;
  /** Sealed readings; 0 for a device that a key was enrolled for and that never spoke. */
  readonly readings: number;
  readonly lastSeq: number | undefined;
  /** The newest ones, in order. */
  readonly gaps: readonly SeqRange[];
  readonly gapCount: number;
  /** Sequence numbers between the first and the last that no reading has. */
  readonly missing: number;
  readonly duplicates: number;
  readonly firstReceivedAtUs: number | undefined;
  readonly lastReceivedAtUs: number | undefined;
  readonly clock: DeviceClock | undefined;
}

/** A key that may speak, or might once, for a device. */
export interface DeviceKey {
  readonly keyId: Uint8Array;
  readonly fromLeaf: number;
  readonly revokedAtLeaf: number | undefined;
}

/** Keys of one device that are shown, the newest: anybody can add keys to a device of an open ledger. A guess. */
const MAX_KEYS = 100;

/** The next devices after `after`, by the bytes of their names: those that spoke and those that keys were enrolled for. */
export async function listDevices(pool: Pool, page: { after: string; limit: number }): Promise<string[]> {
  const { rows } = await pool.query<{ device: string }>(
    `SELECT device FROM (
       (SELECT device FROM devices WHERE device > $1 ORDER BY device LIMIT $2)
       UNION
       (SELECT DISTINCT device COLLATE "C" AS device FROM key_devices WHERE device COLLATE "C" > $1 ORDER BY device LIMIT $2)
     ) AS known
     ORDER BY device LIMIT $2`,
    [page.after, page.limit],
  );
  return rows.map((row) => row.device);
}

interface ViewRow {
  device: string;
  readings: bigint;
  distinct_seqs: bigint;
  duplicates: bigint;
  first_seq: bigint | null;
  seq_end: bigint | null;
  ranges: number;
  newest_ranges: bigint[];
  first_received_at: bigint | null;
  last_received_at: bigint | null;
  last_device_time: bigint | null;
  last_clock_offset: bigint | null;
}

/** What is known of these devices, in order, with at most `gaps` of the gaps of each. */
export async function viewDevices(pool: Pool, of: { devices: readonly string[]; gaps: number }): Promise<DeviceView[]> {
  const { rows } = await pool.query<ViewRow>(
    `SELECT wanted.device, coalesce(readings, 0) AS readings, coalesce(readings - readings_without_seq - duplicates, 0) AS distinct_seqs,
            coalesce(duplicates, 0) AS duplicates, seen[1] AS first_seq, seen[cardinality(seen)] AS seq_end,
            coalesce(cardinality(seen) / 2, 0) AS ranges,
            coalesce(seen[greatest(1, cardinality(seen) - 2 * $2::integer - 1) : ], '{}') AS newest_ranges,
            first_received_at, last_received_at, last_device_time, last_clock_offset
       FROM unnest($1::text[]) WITH ORDINALITY AS wanted (device, position)
       LEFT JOIN devices ON devices.device = wanted.device COLLATE "C"
      ORDER BY position`,
    [of.devices, of.gaps],
  );
  return rows.map(toView);
}

function toView(row: ViewRow): DeviceView {
  const ranges = toRanges(row.newest_ranges);
  const first = optional(row.first_seq);
  const end = optional(row.seq_end);
  const deviceTimeUs = optional(row.last_device_time);
  const offsetUs = optional(row.last_clock_offset);
  return {
    device: row.device,
    readings: Number(row.readings),
    lastSeq: end === undefined ? undefined : end - 1,
    gaps: ranges.slice(1).map((range, i) => ({ start: ranges[i]?.end ?? 0, end: range.start })),
    gapCount: Math.max(0, row.ranges - 1),
    // Also those in gaps whose places were given up: a number that fills one of them counts as a duplicate.
    missing: first === undefined || end === undefined ? 0 : end - first - Number(row.distinct_seqs),
    duplicates: Number(row.duplicates),
    firstReceivedAtUs: optional(row.first_received_at),
    lastReceivedAtUs: optional(row.last_received_at),
    clock: deviceTimeUs === undefined || offsetUs === undefined ? undefined : { deviceTimeUs, offsetUs },
  };
}

/** The keys of each of these devices, oldest first; a device without any is not there. */
export async function findKeysOfDevices(pool: Pool, devices: readonly string[]): Promise<Map<string, DeviceKey[]>> {
  // A key speaks for its own device without being enrolled for it: the one that the first 8 bytes of its key id name (format.md).
  const { rows } = await pool.query<{
    device: string;
    key_id: Buffer;
    from_leaf: bigint;
    revoked_at_leaf: bigint | null;
  }>(
    `SELECT wanted.device, known.key_id, min(from_leaf) AS from_leaf, known.revoked_at_leaf
       FROM unnest($1::text[]) AS wanted (device)
       CROSS JOIN LATERAL (
         (SELECT key_id, named.leaf_index AS from_leaf, revoked_at_leaf
            FROM key_devices AS named JOIN keys USING (key_id)
           WHERE named.device COLLATE "C" = wanted.device ORDER BY named.leaf_index DESC LIMIT $2)
         UNION ALL
         (SELECT key_id, leaf_index, revoked_at_leaf FROM keys
           WHERE key_id BETWEEN CASE WHEN wanted.device ~ '^[0-9a-f]{16}$' THEN decode(wanted.device || repeat('00', 24), 'hex') END
                            AND CASE WHEN wanted.device ~ '^[0-9a-f]{16}$' THEN decode(wanted.device || repeat('ff', 24), 'hex') END
           ORDER BY leaf_index LIMIT $2)
       ) AS known
      GROUP BY wanted.device, known.key_id, known.revoked_at_leaf
      ORDER BY from_leaf`,
    [devices, MAX_KEYS],
  );
  const keys = new Map<string, DeviceKey[]>();
  for (const row of rows) {
    const ofDevice = keys.get(row.device) ?? [];
    keys.set(row.device, ofDevice);
    const fromLeaf = Number(row.from_leaf);
    ofDevice.push({ keyId: row.key_id, fromLeaf, revokedAtLeaf: optional(row.revoked_at_leaf) });
  }
  return keys;
}

function optional(value: bigint | null): number | undefined {
  return value === null ? undefined : Number(value);
}
