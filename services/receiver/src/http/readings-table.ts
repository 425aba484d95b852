// Published readings as CSV, a page at a time: for people, spreadsheets and statistics. It proves nothing; /v1/readings?proof=1 does.
// Source: RFC 4180, with a header line. Times are RFC 3339: microseconds since 1970 have 16 digits, and a spreadsheet keeps 15.

import { stringify } from 'csv-stringify/sync';
import type { Pool } from 'pg';
import { z } from 'zod';
import { readingMembers } from '../proofs/reading-json.ts';
import { findSealings, readLeavesAt } from '../store/reading-store.ts';
import { findFilteredLeaves, type ReadingsFilter } from './readings-filter.ts';

/** Readings that one read brings; their bytes are bounded by readLeavesAt. As many as a page of /get_chain, which was measured. */
const PAGE_READINGS = 256;

const COLUMNS = [
  'transaction_id',
  'leaf_index',
  'block_index',
  'device',
  'seq',
  'device_time',
  'received_at',
  'sealed_at',
  'key_id',
  'data',
] as const;
type Row = Record<(typeof COLUMNS)[number], string | number | null>;

export const readingsTable = z.string().meta({
  description:
    'RFC 4180 with a header line. `data` is the message byte for byte as it was signed, times are RFC 3339 in UTC. A device name that a spreadsheet would take for a formula has an apostrophe before it; in `data` it stands as it is.',
  examples: [
    `${COLUMNS.join(',')}\r\n6d1b…,41,20,Raspberry Pi 1,17,2026-01-01T00:00:00.000000Z,2026-01-01T00:00:00.123456Z,2026-01-01T00:00:01.000000Z,7a1c…,"{""device"":""Raspberry Pi 1"",""seq"":17}"\r\n`,
  ],
});

/** The readings of a filter among the first `logSize` leaves, in the order of the log: the header line, then a page of lines at a time. */
export async function* tableOfReadings(
  pool: Pool,
  { filter, logSize }: { filter: ReadingsFilter; logSize: number },
): AsyncGenerator<string> {
  yield linesOf([COLUMNS]);
  for (let start = 0; ; ) {
    const leafIndexes = await findFilteredLeaves(pool, filter, { start, end: logSize, limit: PAGE_READINGS });
    const leaves = await readLeavesAt(pool, leafIndexes);
    const last = leaves.at(-1);
    if (last === undefined) return;
    const sealings = await findSealings(pool, leafIndexes);
    const rows = leaves.map((stored) => rowOf(readingMembers({ ...stored, sealing: sealings.get(stored.leafIndex) })));
    yield linesOf(rows.map((row) => COLUMNS.map((name) => row[name])));
    start = last.leafIndex + 1;
  }
}

function rowOf(members: ReturnType<typeof readingMembers>): Row {
  const { transaction_id, leaf_index, block_index, device, seq, key_id, message } = members;
  return {
    transaction_id,
    leaf_index,
    block_index,
    device,
    seq,
    device_time: timeOf(members.deviceTimeUs ?? null),
    received_at: timeOf(members.received_at),
    sealed_at: timeOf(members.sealed_at),
    key_id,
    data: Buffer.from(message).toString('utf8'),
  };
}

/** Cells that begin with = + - @ would be run by a spreadsheet, and a device says itself what it is called. No other cell can begin so. */
function linesOf(rows: readonly (readonly (string | number | null)[])[]): string {
  return stringify([...rows], { escape_formulas: true, record_delimiter: 'windows' });
}

/** RFC 3339 in UTC, with all six digits of the microseconds. */
function timeOf(us: number | null): string | null {
  if (us === null) return null;
  const micros = ((us % 1_000_000) + 1_000_000) % 1_000_000;
  return `${new Date((us - micros) / 1000).toISOString().slice(0, 19)}.${String(micros).padStart(6, '0')}Z`;
}
