// Sealed blocks in PostgreSQL. Height is the parent's plus one, inside the transaction; the primary key keeps the chain single.

import { asHash, decodeHeader, type Hash, type Header } from '@telltale/ledger';
import type { Pool, PoolClient } from 'pg';

/** The newest block, as whoever builds on it needs it. */
export interface Head {
  readonly header: Header;
  readonly hash: Hash;
}

export interface StoredBlock {
  readonly blockIndex: number;
  readonly hash: Hash;
  readonly logSize: number;
  readonly header: Uint8Array;
  readonly signature: Uint8Array;
}

interface BlockRow {
  block_index: bigint;
  hash: Buffer;
  log_size: bigint;
  header: Buffer;
  signature: Buffer;
}

/** Blocks that one read brings into memory: 116 kB of headers. */
const PAGE_BLOCKS = 1024;

/** The newest block. Throws when there is none or its header cannot be read: then the database is not a ledger, or was altered. */
export async function loadHead(client: Pool | PoolClient): Promise<Head> {
  const { rows } = await client.query<BlockRow>('SELECT * FROM blocks ORDER BY block_index DESC LIMIT 1');
  return toHead(rows[0]);
}

/** The genesis block. Throws when there is none or its header cannot be read. */
export async function loadGenesis(pool: Pool): Promise<Head> {
  const { rows } = await pool.query<BlockRow>('SELECT * FROM blocks WHERE block_index = 0');
  return toHead(rows[0]);
}

/** The newest block, if it is the one that was sealed last; undefined when blocks were deleted, added or altered behind the sealer's back. */
export async function loadHeadToExtend(pool: Pool): Promise<Head | undefined> {
  const { rows } = await pool.query<BlockRow & { is_marked: boolean }>(
    `SELECT blocks.*, (chain_head.block_index, chain_head.hash) = (blocks.block_index, blocks.hash) AS is_marked
       FROM blocks CROSS JOIN chain_head
      ORDER BY blocks.block_index DESC LIMIT 1`,
  );
  return rows[0]?.is_marked ? toHead(rows[0]) : undefined;
}

function toHead(row: BlockRow | undefined): Head {
  if (!row) throw new Error('the ledger has no genesis block');
  const header = decodeHeader(row.header);
  if (!header.ok) throw new Error(`the header of block ${row.block_index} cannot be read: ${header.message}`);
  return { header: header.value, hash: asHash(row.hash) };
}

/**
 * Appends blocks and moves the head to the last of them, if the head is still `parent` (undefined: there is none, for genesis).
 * False, and nothing is written: another block stands there. Two transactions that extend one head wait for each other on its row.
 */
export async function appendBlocks(
  client: PoolClient,
  append: { parent: Hash | undefined; blocks: readonly StoredBlock[] },
): Promise<boolean> {
  const { parent, blocks } = append;
  const last = blocks.at(-1);
  if (!last) throw new Error('a run of no blocks cannot be appended');
  const moved = parent
    ? await client.query({
        name: 'move-head',
        text: 'UPDATE chain_head SET block_index = $1, hash = $2 WHERE hash = $3',
        values: [last.blockIndex, last.hash, parent],
      })
    : await client.query('INSERT INTO chain_head (block_index, hash) VALUES ($1, $2)', [last.blockIndex, last.hash]);
  if (moved.rowCount !== 1) return false;
  await client.query({
    name: 'insert-blocks',
    text: `INSERT INTO blocks (block_index, hash, log_size, header, signature)
           SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bigint[], $4::bytea[], $5::bytea[])`,
    values: [
      blocks.map((block) => block.blockIndex),
      blocks.map((block) => block.hash),
      blocks.map((block) => block.logSize),
      blocks.map((block) => block.header),
      blocks.map((block) => block.signature),
    ],
  });
  return true;
}

/** What the last sealing transaction left as the newest block. */
export async function loadHeadMark(client: PoolClient): Promise<{ blockIndex: number; hash: Uint8Array } | undefined> {
  const { rows } = await client.query<{ block_index: bigint; hash: Buffer }>(
    'SELECT block_index, hash FROM chain_head',
  );
  const row = rows[0];
  return row && { blockIndex: Number(row.block_index), hash: row.hash };
}

/** All blocks of [start, end), in order, a page at a time; between pages no connection is held when `client` is a pool. */
export async function* readBlocks(
  client: Pool | PoolClient,
  range: { start: number; end: number; pageBlocks?: number },
): AsyncGenerator<StoredBlock> {
  let start = range.start;
  while (start < range.end) {
    const { rows } = await client.query<BlockRow>(
      'SELECT * FROM blocks WHERE block_index >= $1 AND block_index < $2 ORDER BY block_index LIMIT $3',
      [start, range.end, range.pageBlocks ?? PAGE_BLOCKS],
    );
    const last = rows.at(-1);
    if (!last) return;
    yield* rows.map(toBlock);
    start = Number(last.block_index) + 1;
  }
}

/** For each leaf index the block that holds it, or undefined while it is pending. */
export async function findBlocksOfLeaves(client: Pool, leafIndexes: readonly number[]): Promise<Map<number, number>> {
  const { rows } = await client.query<{ leaf_index: bigint; block_index: bigint }>(
    `SELECT leaf_index, block_index
       FROM unnest($1::bigint[]) AS wanted (leaf_index)
       CROSS JOIN LATERAL (SELECT block_index FROM blocks WHERE log_size > leaf_index ORDER BY log_size LIMIT 1) AS block`,
    [leafIndexes],
  );
  return new Map(rows.map((row) => [Number(row.leaf_index), Number(row.block_index)]));
}

/** The head that these blocks leave, in order. Throws for none. */
export function headOf(blocks: readonly StoredBlock[]): Head {
  const last = blocks.at(-1);
  const header = last && decodeHeader(last.header);
  if (!last || !header?.ok) throw new Error('a run of no blocks has no head');
  return { header: header.value, hash: asHash(last.hash) };
}

function toBlock(row: BlockRow): StoredBlock {
  return {
    blockIndex: Number(row.block_index),
    hash: asHash(row.hash),
    logSize: Number(row.log_size),
    header: row.header,
    signature: row.signature,
  };
}
