// Blocks as those who look at the chain find them: what the header says, where the leaves begin, how many of them are readings. Reads only;
// nothing is verified here.

import { asHash, decodeHeader, type Hash, type Header, LEAF_KIND } from '@telltale/ledger';
import type { Pool } from 'pg';

export interface BlockSummary {
  readonly header: Header;
  readonly hash: Hash;
  readonly signature: Uint8Array;
  /** Index of the block's first leaf: the log_size of the block before it. */
  readonly firstLeaf: number;
  /** Leaves of the block that are readings; the others are of the registry. */
  readonly readings: number;
}

/** The blocks [start, start + limit), in order, as far as there are such. Throws for a header that cannot be read. */
export async function readBlockSummaries(pool: Pool, page: { start: number; limit: number }): Promise<BlockSummary[]> {
  const { rows } = await pool.query<{
    header: Buffer;
    hash: Buffer;
    signature: Buffer;
    first_leaf: bigint;
    readings: bigint;
  }>({
    name: 'read-block-summaries',
    text: `SELECT block.header, block.hash, block.signature, coalesce(before.log_size, 0) AS first_leaf,
                  (SELECT count(*) FROM leaves
                    WHERE leaf_index >= coalesce(before.log_size, 0) AND leaf_index < block.log_size AND get_byte(leaf, 0) = ${LEAF_KIND.reading}) AS readings
             FROM blocks AS block LEFT JOIN blocks AS before ON before.block_index = block.block_index - 1
            WHERE block.block_index >= $1 ORDER BY block.block_index LIMIT $2`,
    values: [page.start, page.limit],
  });
  return rows.map((row, i) => {
    const header = decodeHeader(row.header);
    if (!header.ok) throw new Error(`the header of block ${page.start + i} cannot be read: ${header.message}`);
    return {
      header: header.value,
      hash: asHash(row.hash),
      signature: row.signature,
      firstLeaf: Number(row.first_leaf),
      readings: Number(row.readings),
    };
  });
}

/** Index of the block with this hash. */
export async function findBlockIndex(pool: Pool, hash: Uint8Array): Promise<number | undefined> {
  const { rows } = await pool.query<{ block_index: bigint }>('SELECT block_index FROM blocks WHERE hash = $1', [hash]);
  return rows[0] && Number(rows[0].block_index);
}
