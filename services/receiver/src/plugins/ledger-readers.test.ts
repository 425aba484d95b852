// Blocks and leaves as plugins read them, against what the database of a real receiver holds.

import { decodeHeader, equalBytes, Frontier, leafHash } from '@telltale/ledger';
import type { BlockReader, ReadingReader, SealedBlock } from '@telltale/plugin';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadHead } from '../store/block-store.ts';
import { type SealedLog, startSealedLog } from '../testing/sealed-log.ts';
import { blockReader, readingReader } from './ledger-readers.ts';

let log: SealedLog;
let blocks: BlockReader;
let readings: ReadingReader;
beforeAll(async () => {
  log = await startSealedLog(300);
  const { pool } = log.stored;
  const head = await loadHead(pool);
  blocks = blockReader(pool, () => head);
  readings = readingReader(pool);
});
afterAll(() => log.stop());

/** The whole chain, in pages of `limit` blocks. */
async function readChain(limit: number): Promise<SealedBlock[]> {
  const chain: SealedBlock[] = [];
  for (;;) {
    const page = await blocks.page({ start: chain.length, limit });
    expect(page.length).toBeLessThanOrEqual(limit);
    if (page.length === 0) return chain;
    chain.push(...page);
  }
}

describe('a reader of blocks', () => {
  it('gives every block with its leaves, whatever the size of the page', async () => {
    const chain = await readChain(1_000_000);
    const { blockIndex, hash, logSize } = blocks.head();
    expect(chain.at(-1)).toMatchObject({ blockIndex, hash, logSize });
    expect(chain.map((block) => block.blockIndex)).toEqual(chain.map((_, i) => i));
    const leaves = chain.flatMap((block) => block.leaves);
    expect(leaves).toHaveLength(log.leaves.length);
    expect(leaves.every((leaf, i) => equalBytes(leaf, log.leaves[i] ?? new Uint8Array(0)))).toBe(true);
    for (const limit of [1, 7]) expect(await readChain(limit)).toEqual(chain);
    expect(await blocks.page({ start: chain.length, limit: 5 })).toEqual([]);
  });

  it('gives the peaks from which each block’s leaves lead to its log root', async () => {
    for (const block of await readChain(64)) {
      const { firstLeafIndex, header, leaves } = block;
      const frontier = new Frontier(firstLeafIndex, await blocks.peaks(firstLeafIndex));
      for (const leaf of leaves) frontier.append(leafHash(leaf));
      const decoded = decodeHeader(header);
      if (!decoded.ok) throw new Error(decoded.message);
      expect(frontier.root()).toEqual(decoded.value.logRoot);
    }
  });

  it('throws for a block whose leaf was taken away, and gives the blocks before it', async () => {
    const { pool } = log.stored;
    const { rows } = await pool.query<{ leaf: Buffer }>('DELETE FROM leaves WHERE leaf_index = 150 RETURNING leaf');
    try {
      const [broken] = (await pool.query('SELECT block_index FROM blocks WHERE log_size > 150 ORDER BY 1')).rows;
      const start = Number(broken?.block_index);
      await expect(blocks.page({ start, limit: 1 })).rejects.toThrow('leaf 150 of block');
      expect(await blocks.page({ start: start - 2, limit: 2 })).toHaveLength(2);
    } finally {
      await pool.query('INSERT INTO leaves (leaf_index, leaf) VALUES (150, $1)', [rows[0]?.leaf]);
    }
  });
});

describe('a reader of readings', () => {
  it('finds leaves by transaction and by place, with their blocks', async () => {
    const receipt = log.receipts[17];
    if (!receipt) throw new Error('a receipt is missing');
    const found = await readings.find(Buffer.from(receipt.transaction_id, 'hex'));
    expect(found?.leafIndex).toBe(receipt.leaf_index);
    expect(Buffer.from(leafHash(found?.leaf ?? new Uint8Array(0))).toString('hex')).toBe(receipt.leaf_hash);
    const [block] = await blocks.page({ start: found?.sealing?.blockIndex ?? -1, limit: 1 });
    expect(block?.firstLeafIndex).toBeLessThanOrEqual(receipt.leaf_index);
    expect(block?.logSize).toBeGreaterThan(receipt.leaf_index);
    expect(await readings.at([receipt.leaf_index])).toEqual([found]);
    expect(await readings.find(new Uint8Array(32))).toBeUndefined();
    await expect(readings.at([log.leaves.length])).resolves.toEqual([]);
  });
});
