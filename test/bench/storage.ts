// Storage: what a reading takes in PostgreSQL, in all tables and their indexes, against the bytes of its leaf. The write-ahead log is not
// counted: PostgreSQL recycles it, its size is a setting and does not grow with the readings. Neither are the catalogs, which every database has.

import type { Pool } from 'pg';
import { BenchLedger } from './bench-ledger.ts';
import { HttpLoad } from './http-load.ts';
import type { Bench } from './row.ts';
import { BodyMaker } from './signed-bodies.ts';

/** Enough that a page or a row that every ledger has does not show: a reading more of fixed cost would be 1 MB in all. */
const READINGS = 200_000;
/** Signed, sent, forgotten: bounds the memory of the bench to about 10 MB of bodies. */
const PORTION = 20_000;
const READINGS_PER_BLOCK = 100;
/** As in the bench of ingest: they keep the receiver busy. */
const CONNECTIONS = 8;

export const storage: Bench = async (log) => {
  log(`${READINGS} readings in blocks of ${READINGS_PER_BLOCK}`);
  const variables = { TRANSACTIONS_PER_BLOCK: String(READINGS_PER_BLOCK), BLOCK_MAX_WAIT_MS: '500' };
  const ledger = await BenchLedger.start(variables);
  const http = new HttpLoad(ledger.url, CONNECTIONS);
  try {
    const maker = new BodyMaker('ed25519');
    for (let sent = 0; sent < READINGS; sent += PORTION) {
      await http.sendAll(maker.make({ readings: PORTION, readingsPerBody: 100 }));
    }
    await ledger.untilSealed(await countLeaves(ledger.pool));
    await ledger.pool.query('CHECKPOINT');
    const leafBytes = await meanReadingLeafBytes(ledger.pool);
    const tables = await tableBytes(ledger.pool);
    const perReading = tables.map(({ name, bytes }) => ({ name, bytes: bytes / READINGS }));
    const total = perReading.reduce((sum, { bytes }) => sum + bytes, 0);
    return [
      {
        what: 'bytes in PostgreSQL per reading, indexes included ÷ bytes of its leaf',
        ratio: total / leafBytes,
        atMost: 2.5,
        parts: {
          'leaf bytes': leafBytes,
          'bytes per reading': total,
          // What a reading takes less than a tenth of a byte in is no table of readings.
          ...Object.fromEntries(perReading.filter(({ bytes }) => bytes >= 0.1).map(({ name, bytes }) => [name, bytes])),
        },
      },
    ];
  } finally {
    http.close();
    await ledger.stop();
  }
};

async function countLeaves(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ next_leaf_index: bigint }>('SELECT next_leaf_index FROM log_counter');
  return Number(rows[0]?.next_leaf_index);
}

/** Of the leaves that hold readings: those of kind 1 (format.md). */
async function meanReadingLeafBytes(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ mean: number }>(
    'SELECT avg(octet_length(leaf))::float8 AS mean FROM leaves WHERE get_byte(leaf, 0) = 1',
  );
  return Number(rows[0]?.mean);
}

/** Every table, and every index beside it, by its size: the largest first. */
async function tableBytes(pool: Pool): Promise<{ name: string; bytes: number }[]> {
  const { rows } = await pool.query<{ name: string; bytes: bigint }>(
    `SELECT table_or_index.relname AS name,
            CASE relkind WHEN 'i' THEN pg_relation_size(table_or_index.oid)
                         ELSE pg_total_relation_size(table_or_index.oid) - pg_indexes_size(table_or_index.oid) END AS bytes
       FROM pg_class AS table_or_index JOIN pg_namespace AS space ON space.oid = relnamespace
      WHERE nspname = 'public' AND relkind IN ('r', 'i')
      ORDER BY bytes DESC`,
  );
  return rows.map(({ name, bytes }) => ({ name, bytes: Number(bytes) }));
}
