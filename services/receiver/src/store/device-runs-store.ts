// Where the readings of each device stand in the log: sealed readings only. A row is a run of leaf indexes, written once; the rows of a device
// follow each other, and behind them come those in its own row (devices.newest_leaves), too few for a run yet. Written by
// devices/account-devices.ts alone.

import type { Pool, PoolClient } from 'pg';

/** Leaf indexes in a row: 4 kB, so that a page reads little more than it needs. A guess. */
const RUN_READINGS = 1024;

/** A reading's device and its place. */
export interface PlacedReading {
  readonly device: string;
  readonly leafIndex: number;
}

/** Writes the leaf indexes of each device, in order and past all that it has. The caller's transaction holds the mark of the devices. */
export async function insertDeviceRuns(
  client: PoolClient,
  leafIndexes: ReadonlyMap<string, readonly number[]>,
): Promise<void> {
  const runs = [...leafIndexes].flatMap(([device, indexes]) =>
    Array.from({ length: Math.ceil(indexes.length / RUN_READINGS) }, (_, i) => {
      const run = indexes.slice(i * RUN_READINGS, (i + 1) * RUN_READINGS);
      const firstLeaf = run[0] ?? 0;
      return { device, firstLeaf, offsets: `{${run.map((index) => index - firstLeaf).join(',')}}` };
    }),
  );
  await client.query({
    name: 'insert-device-runs',
    text: `INSERT INTO device_readings (device, first_leaf, offsets)
           SELECT device, first_leaf, offsets::integer[]
             FROM unnest($1::text[], $2::bigint[], $3::text[]) AS new (device, first_leaf, offsets)`,
    values: [runs.map((run) => run.device), runs.map((run) => run.firstLeaf), runs.map((run) => run.offsets)],
  });
}

/** Leaf indexes of a device's sealed readings in [start, end), in order, at most `limit`. None for a device that never spoke. */
export async function findLeafIndexesOfDevice(
  client: Pool | PoolClient,
  of: { device: string; start: number; end: number; limit: number },
): Promise<number[]> {
  // Each run has at least one reading, and only those of the first one may all lie before `start`.
  const { rows } = await client.query<{ leaf_index: bigint }>(
    `SELECT leaf_index FROM (
     SELECT first_leaf + leaf_offset AS leaf_index
       FROM (SELECT first_leaf, offsets FROM device_readings
              WHERE device = $1 AND first_leaf < $3
                AND first_leaf >= coalesce((SELECT max(first_leaf) FROM device_readings WHERE device = $1 AND first_leaf <= $2), 0)
              ORDER BY first_leaf LIMIT $4::bigint + 1) AS run
       CROSS JOIN LATERAL unnest(offsets) AS leaf_offset
     UNION ALL
     SELECT leaf_index FROM devices CROSS JOIN LATERAL unnest(newest_leaves) AS leaf_index WHERE device = $1) AS placed
      WHERE leaf_index >= $2 AND leaf_index < $3
      ORDER BY leaf_index LIMIT $4`,
    [of.device, of.start, of.end, of.limit],
  );
  return rows.map((row) => Number(row.leaf_index));
}

/** The readings of [start, end) that these devices have, in the order of the log. */
export async function readPlacedReadings(
  client: PoolClient,
  of: { devices: readonly string[]; start: number; end: number },
): Promise<PlacedReading[]> {
  const { rows } = await client.query<{ device: string; leaf_index: bigint }>(
    `SELECT device, leaf_index FROM (
     SELECT run.device, first_leaf + leaf_offset AS leaf_index
       FROM unnest($1::text[]) AS wanted (device)
       CROSS JOIN LATERAL (
         SELECT device, first_leaf, offsets FROM device_readings
          WHERE device = wanted.device COLLATE "C" AND first_leaf < $3
            AND first_leaf >= coalesce(
              (SELECT max(first_leaf) FROM device_readings WHERE device = wanted.device COLLATE "C" AND first_leaf <= $2), 0)
       ) AS run
       CROSS JOIN LATERAL unnest(offsets) AS leaf_offset
     UNION ALL
     SELECT device, leaf_index FROM devices CROSS JOIN LATERAL unnest(newest_leaves) AS leaf_index WHERE device = ANY ($1::text[])) AS placed
      WHERE leaf_index >= $2 AND leaf_index < $3
      ORDER BY leaf_index`,
    [of.devices, of.start, of.end],
  );
  return rows.map((row) => ({ device: row.device, leafIndex: Number(row.leaf_index) }));
}

/** Leaf indexes of all devices together. */
export async function countPlacedReadings(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ count: bigint }>(
    `SELECT (coalesce((SELECT sum(cardinality(offsets)) FROM device_readings), 0)
             + coalesce((SELECT sum(cardinality(newest_leaves)) FROM devices), 0))::bigint AS count`,
  );
  return Number(rows[0]?.count);
}
