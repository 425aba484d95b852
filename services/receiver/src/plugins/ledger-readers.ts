// The stored ledger as plugins read it: whole sealed blocks, and leaves by transaction or place. Reads only, and nothing is verified again.

import { type Hash, subtreesOf } from '@telltale/ledger';
import type { BlockReader, LoggedLeaf, ReadingReader, SealedBlock } from '@telltale/plugin';
import type { Pool } from 'pg';
import { loadNodes } from '../proofs/log-nodes.ts';
import { type Head, readBlocks, type StoredBlock } from '../store/block-store.ts';
import { readLeafPage, type StoredLeaf } from '../store/leaf-store.ts';
import { findLeaf, findSealings, readLeavesAt } from '../store/reading-store.ts';

/** Blocks that one query brings at most, whatever a plugin asks for: 116 kB of headers, as PAGE_BLOCKS of block-store.ts. */
const MAX_PAGE_BLOCKS = 1024;

export function blockReader(pool: Pool, head: () => Head): BlockReader {
  return {
    head() {
      const { hash, header } = head();
      return { blockIndex: header.index, hash, logSize: header.logSize };
    },
    page: ({ start, limit }) => readSealedPage(pool, { start, limit: Math.min(limit, MAX_PAGE_BLOCKS) }),
    async peaks(logSize): Promise<Hash[]> {
      const nodes = subtreesOf(0, logSize);
      return nodes.map(await loadNodes(pool, { size: logSize, nodes }));
    },
  };
}

export function readingReader(pool: Pool): ReadingReader {
  const withSealings = async (leaves: readonly StoredLeaf[]): Promise<LoggedLeaf[]> => {
    const sealings = await findSealings(
      pool,
      leaves.map(({ leafIndex }) => leafIndex),
    );
    return leaves.map((stored) => {
      const sealing = sealings.get(stored.leafIndex);
      return { ...stored, ...(sealing && { sealing }) };
    });
  };
  return {
    async find(transactionId) {
      const stored = await findLeaf(pool, transactionId);
      return stored && (await withSealings([stored]))[0];
    },
    at: async (leafIndexes) => withSealings(await readLeavesAt(pool, leafIndexes)),
  };
}

/** One page of leaves, and the blocks that it holds whole; of the first block all leaves, however many. */
async function readSealedPage(pool: Pool, range: { start: number; limit: number }): Promise<SealedBlock[]> {
  const { before, rows } = await readRows(pool, range);
  const end = rows.at(-1)?.logSize ?? 0;
  let leafIndex = before;
  let page: readonly StoredLeaf[] = [];
  let taken = 0;
  const blocks: SealedBlock[] = [];
  for (const { blockIndex, hash, logSize, header, signature } of rows) {
    const leaves: Uint8Array[] = [];
    const firstLeafIndex = leafIndex;
    while (leafIndex < logSize) {
      if (taken === page.length) {
        if (blocks.length > 0) return blocks;
        page = await readLeafPage(pool, { start: leafIndex, end });
        taken = 0;
      }
      const next = page[taken++];
      if (next?.leafIndex !== leafIndex) throw new Error(`leaf ${leafIndex} of block ${blockIndex} is not stored`);
      leaves.push(next.leaf);
      leafIndex++;
    }
    blocks.push({ blockIndex, hash, firstLeafIndex, logSize, header, signature, leaves });
  }
  return blocks;
}

/** The blocks of a page, without their leaves, and the log_size of the block before. */
async function readRows(
  pool: Pool,
  { start, limit }: { start: number; limit: number },
): Promise<{ before: number; rows: StoredBlock[] }> {
  const rows: StoredBlock[] = [];
  const from = Math.max(0, start - 1);
  for await (const row of readBlocks(pool, { start: from, end: start + limit, pageBlocks: limit + 1 })) rows.push(row);
  const gap = rows.findIndex(({ blockIndex }, i) => blockIndex !== from + i);
  if (gap >= 0) throw new Error(`block ${from + gap} is not stored`);
  const before = from < start ? (rows.shift()?.logSize ?? 0) : 0;
  return { before, rows };
}
