// The sealed chain as whoever shows it reads it, a page at a time: one row a page, because a row costs more to bring than what is in it.
// Nothing is verified here; whoever verifies reads the leaves themselves (leaf-store.ts, block-store.ts).

import { HASH_BYTES, HEADER_BYTES, LEAF_FIXED_BYTES, LEAF_KIND } from '@telltale/ledger';
import type { Pool } from 'pg';

/** Of a block as it is shown: its header, then its hash. */
const SHOWN_BLOCK_BYTES = HEADER_BYTES + HASH_BYTES;

/** Between messages: a control character (record separator), which no JSON text holds (RFC 8259 section 7). */
const BETWEEN = '\u001e';
/** Where the message starts in a leaf, counted from 1: behind the fixed bytes and the signature, whose length is bytes 42 and 43 (format.md). */
const MESSAGE_START = `${LEAF_FIXED_BYTES + 1} + 256 * get_byte(leaf, 42) + get_byte(leaf, 43)`;

/**
 * The blocks from index `start` on, in order, at most `maxBlocks`, each as its `SHOWN_BLOCK_BYTES`; none at the end of the chain. Throws where
 * a block is missing.
 *
 * Parts of one piece of memory: with an object for each block, 100,000 of them made the process grow by 10 to 58 MB, and now by 6 to 19.
 */
export async function readBlockPage(pool: Pool, page: { start: number; maxBlocks: number }): Promise<Uint8Array[]> {
  const { start, maxBlocks } = page;
  const { rows } = await pool.query<{ last: bigint; shown: Buffer }>({
    name: 'read-block-page',
    text: `SELECT max(block_index) AS last, string_agg(header || hash, '' ORDER BY block_index) AS shown
             FROM (SELECT block_index, header, hash FROM blocks WHERE block_index >= $1 ORDER BY block_index LIMIT $2) AS page
           HAVING count(*) > 0`,
    values: [start, maxBlocks],
  });
  const [row] = rows;
  if (!row) return [];
  const { shown } = row;
  const blocks = Array.from({ length: shown.length / SHOWN_BLOCK_BYTES }, (_, i) =>
    shown.subarray(i * SHOWN_BLOCK_BYTES, (i + 1) * SHOWN_BLOCK_BYTES),
  );
  if (start + blocks.length !== Number(row.last) + 1) throw missing('block', { start, last: row.last });
  return blocks;
}

/**
 * The messages of the leaves from index `start` on, in order, an empty one for each registry leaf: as many as fit `maxLeaves` and
 * `maxBytes`, at least one if there is any. Throws where a leaf is missing, and for a message that is no text, which was not accepted so.
 */
export async function readMessagePage(
  pool: Pool,
  page: { start: number; maxLeaves: number; maxBytes: number },
): Promise<string[]> {
  const { start, maxLeaves, maxBytes } = page;
  const { rows } = await pool.query<{ last: bigint; messages: string }>({
    name: 'read-message-page',
    text: `SELECT max(leaf_index) AS last,
                  string_agg(CASE get_byte(leaf, 0) WHEN ${LEAF_KIND.reading} THEN convert_from(substr(leaf, ${MESSAGE_START}), 'UTF8') ELSE '' END,
                             $4::text ORDER BY leaf_index) AS messages
             FROM (SELECT leaf_index, leaf, sum(octet_length(leaf)) OVER (ORDER BY leaf_index) - octet_length(leaf) AS bytes_before
                     FROM (SELECT leaf_index, leaf FROM leaves
                            WHERE leaf_index >= $1 ORDER BY leaf_index LIMIT $2) AS candidates) AS page
            WHERE bytes_before < $3
           HAVING count(*) > 0`,
    values: [start, maxLeaves, maxBytes, BETWEEN],
  });
  const [row] = rows;
  if (!row) return [];
  const messages = row.messages.split(BETWEEN);
  if (start + messages.length !== Number(row.last) + 1) throw missing('leaf', { start, last: row.last });
  return messages;
}

function missing(what: 'block' | 'leaf', page: { start: number; last: bigint }): Error {
  return new Error(`a ${what} of ${page.start} to ${page.last} is not stored as it was: see /validate_chain`);
}
