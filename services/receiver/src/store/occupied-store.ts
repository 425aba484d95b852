// Whether a database holds anything of a ledger yet. Reads only.

import type { PoolClient } from 'pg';

/** The first table, in the order of the migrations, that holds a row, or a mark that has moved; undefined in a database that is as migrated. */
export async function findOccupiedTable(client: PoolClient): Promise<string | undefined> {
  // Every table of the schema but for the migrations' own: what a ledger left behind is no part of the one that comes.
  const { rows } = await client.query<{ name: string }>(
    `SELECT name
       FROM (VALUES (1, 'ledger', EXISTS (SELECT FROM ledger)),
                    (2, 'log_counter', EXISTS (SELECT FROM log_counter)),
                    (3, 'leaves', EXISTS (SELECT FROM leaves)),
                    (4, 'transactions', EXISTS (SELECT FROM transactions)),
                    (5, 'keys', EXISTS (SELECT FROM keys)),
                    (6, 'key_devices', EXISTS (SELECT FROM key_devices)),
                    (7, 'blocks', EXISTS (SELECT FROM blocks)),
                    (8, 'chain_head', EXISTS (SELECT FROM chain_head)),
                    (9, 'tiles', EXISTS (SELECT FROM tiles)),
                    (10, 'sealer_lease', EXISTS (SELECT FROM sealer_lease)),
                    (11, 'enrolment_nonces', EXISTS (SELECT FROM enrolment_nonces)),
                    (12, 'invites', EXISTS (SELECT FROM invites)),
                    (13, 'devices_mark', NOT EXISTS (SELECT FROM devices_mark WHERE log_size = 0)),
                    (14, 'devices', EXISTS (SELECT FROM devices)),
                    (15, 'device_readings', EXISTS (SELECT FROM device_readings)),
                    (16, 'witness_cosignatures', EXISTS (SELECT FROM witness_cosignatures)),
                    (17, 'cosigned_checkpoint', EXISTS (SELECT FROM cosigned_checkpoint)),
                    (18, 'witness_identity', EXISTS (SELECT FROM witness_identity)),
                    (19, 'witnessed_logs', EXISTS (SELECT FROM witnessed_logs)),
                    (20, 'witness_evidence', EXISTS (SELECT FROM witness_evidence))) AS found (place, name, is_occupied)
      WHERE is_occupied ORDER BY place LIMIT 1`,
  );
  return rows[0]?.name;
}
