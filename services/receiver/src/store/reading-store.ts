// Leaves as those who ask for readings find them: by transaction, by received time, by page. Reads only; leaf-store.ts writes.

import { decodeHeader, LEAF_KIND } from '@telltale/ledger';
import type { Pool } from 'pg';
import type { StoredLeaf } from './leaf-store.ts';

/** Where a leaf was sealed. */
export interface Sealing {
  readonly blockIndex: number;
  /** The block's timestamp. */
  readonly sealedAtUs: number;
}

/** Bytes of leaves that one page brings into memory, unless a single leaf is larger. A guess: a thousand readings of 1 kB. */
const PAGE_BYTES = 1024 * 1024;

/** The leaf of a transaction of any kind, or undefined. Throws where the log lost a leaf that it accepted. */
export async function findLeaf(client: Pool, transactionId: Uint8Array): Promise<StoredLeaf | undefined> {
  const { rows } = await client.query<{ leaf_index: bigint; leaf: Buffer | null }>(
    'SELECT leaf_index, leaf FROM transactions LEFT JOIN leaves USING (leaf_index) WHERE transaction_id = $1',
    [transactionId],
  );
  const row = rows[0];
  if (!row) return undefined;
  if (!row.leaf) throw new Error(`leaf ${row.leaf_index} is not stored`);
  return { leafIndex: Number(row.leaf_index), leaf: row.leaf };
}

/** Number of accepted leaves, pending ones included. */
export async function countLeaves(client: Pool): Promise<number> {
  const { rows } = await client.query<{ next_leaf_index: bigint }>('SELECT next_leaf_index FROM log_counter');
  if (!rows[0]) throw new Error('the ledger has no counter row');
  return Number(rows[0].next_leaf_index);
}

/**
 * Index of the first leaf that was received at this time or later; the number of leaves when there is none. Received times never decrease
 * along the log, so it is searched by halves: one query that looks at 30 leaves of a thousand million.
 */
export async function findLeafIndexAt(client: Pool, receivedAtUs: number): Promise<number> {
  const { rows } = await client.query<{ leaf_index: bigint }>(
    `WITH RECURSIVE search (low, high) AS (
       SELECT 0::bigint, next_leaf_index FROM log_counter
       UNION ALL
       SELECT CASE WHEN is_before THEN middle + 1 ELSE low END, CASE WHEN is_before THEN high ELSE middle END
         FROM search
        CROSS JOIN LATERAL (SELECT (low + high) / 2 AS middle) AS halved
        CROSS JOIN LATERAL (SELECT substr(leaf, 3, 8) < int8send($1::bigint) AS is_before FROM leaves WHERE leaf_index = middle) AS probe
        WHERE low < high
     )
     SELECT low AS leaf_index FROM search WHERE low = high`,
    [receivedAtUs],
  );
  if (!rows[0]) throw new Error('the log lost a leaf: a time in it cannot be found');
  return Number(rows[0].leaf_index);
}

/** Indexes of the readings among the leaves [start, end), in order, at most `limit`. Registry leaves are no readings. */
export async function findReadingIndexes(
  client: Pool,
  range: { start: number; end: number; limit: number },
): Promise<number[]> {
  const { rows } = await client.query<{ leaf_index: bigint }>(
    `SELECT leaf_index FROM leaves
      WHERE leaf_index >= $1 AND leaf_index < $2 AND get_byte(leaf, 0) = $3
      ORDER BY leaf_index LIMIT $4`,
    [range.start, range.end, LEAF_KIND.reading, range.limit],
  );
  return rows.map((row) => Number(row.leaf_index));
}

/** The leaves at these ascending indexes: as many of the first as fit a page of memory, at least one. Throws where one is not stored. */
export async function readLeavesAt(client: Pool, leafIndexes: readonly number[]): Promise<StoredLeaf[]> {
  const { rows } = await client.query<{ leaf_index: bigint; leaf: Buffer }>(
    `SELECT leaf_index, leaf
       FROM (SELECT leaf_index, leaf, sum(octet_length(leaf)) OVER (ORDER BY leaf_index) - octet_length(leaf) AS bytes_before
               FROM leaves WHERE leaf_index = ANY ($1::bigint[])) AS page
      WHERE bytes_before < $2
      ORDER BY leaf_index`,
    [leafIndexes, PAGE_BYTES],
  );
  const leaves = rows.map((row) => ({ leafIndex: Number(row.leaf_index), leaf: row.leaf }));
  const missing = leafIndexes.find((leafIndex, i) => i <= leaves.length - 1 && leaves[i]?.leafIndex !== leafIndex);
  if (missing !== undefined) throw new Error(`leaf ${missing} is not stored`);
  return leaves;
}

/** For each leaf index its block; pending leaves are left out. */
export async function findSealings(client: Pool, leafIndexes: readonly number[]): Promise<Map<number, Sealing>> {
  const { rows } = await client.query<{ leaf_index: bigint; header: Buffer }>(
    `SELECT leaf_index, header
       FROM unnest($1::bigint[]) AS wanted (leaf_index)
       CROSS JOIN LATERAL (SELECT header FROM blocks WHERE log_size > leaf_index ORDER BY log_size LIMIT 1) AS block`,
    [leafIndexes],
  );
  return new Map(
    rows.map((row) => {
      const header = decodeHeader(row.header);
      if (!header.ok) throw new Error(`the header over leaf ${row.leaf_index} cannot be read: ${header.message}`);
      const { index: blockIndex, timestampUs: sealedAtUs } = header.value;
      return [Number(row.leaf_index), { blockIndex, sealedAtUs }];
    }),
  );
}
