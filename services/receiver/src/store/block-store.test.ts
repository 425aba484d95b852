// Blocks in a real database: the newest one, pages of all, the block of a leaf, and what the table refuses.

import { inTransaction, openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import { asHash, encodeHeader, headerHash, sha256, utf8 } from '@telltale/ledger';
import type { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import {
  appendBlocks,
  findBlocksOfLeaves,
  loadHead,
  loadHeadToExtend,
  readBlocks,
  type StoredBlock,
} from './block-store.ts';

let database: TestDatabase;
let pool: Pool;

beforeEach(async () => {
  database = await createTestDatabase(inject('testServer'));
  pool = openPool({
    connection: database.target,
    applicationName: 'test',
    maxConnections: 2,
    onError: () => undefined,
  });
});
afterEach(async () => {
  await pool.end();
  await database.drop();
});

function block(blockIndex: number, logSize: number): StoredBlock {
  const header = encodeHeader({
    index: blockIndex,
    previousHash: asHash(new Uint8Array(32)),
    timestampUs: 1_000 + blockIndex,
    lane: new Uint8Array(12),
    logRoot: sha256(utf8('root')),
    logSize,
    difficultyBits: 0,
    nonce: 0n,
  });
  return { blockIndex, hash: headerHash(header), logSize, header, signature: new Uint8Array(64).fill(blockIndex) };
}

const append = (parent: StoredBlock | undefined, blocks: readonly StoredBlock[]) =>
  inTransaction(pool, { isolation: 'read committed' }, (client) =>
    appendBlocks(client, { parent: parent?.hash, blocks }),
  );
const insert = (blocks: readonly StoredBlock[]) => append(undefined, blocks);

describe('the block store', () => {
  it('gives the newest block as the head, and says so when there is none or its header is broken', async () => {
    await expect(loadHead(pool)).rejects.toThrow('no genesis block');
    await insert([block(0, 0), block(1, 3), block(2, 4)]);
    expect((await loadHead(pool)).header).toMatchObject({ index: 2, logSize: 4 });
    await pool.query('UPDATE blocks SET header = set_byte(header, 3, 9) WHERE block_index = 2');
    await expect(loadHead(pool)).rejects.toThrow(/block 2 cannot be read/);
  });

  it('gives all blocks in order, whatever the page', async () => {
    await insert([block(0, 0), ...Array.from({ length: 20 }, (_, i) => block(i + 1, i + 1))]);
    for (const pageBlocks of [1, 7, 21, 100]) {
      const seen: number[] = [];
      for await (const { blockIndex } of readBlocks(pool, { start: 3, end: 19, pageBlocks })) seen.push(blockIndex);
      expect(seen).toEqual(Array.from({ length: 16 }, (_, i) => i + 3));
    }
  });

  it('finds the block that holds each leaf, and none for pending leaves', async () => {
    await insert([block(0, 0), block(1, 3), block(2, 4)]);
    expect(await findBlocksOfLeaves(pool, [0, 2, 3, 4])).toEqual(
      new Map([
        [0, 1],
        [2, 1],
        [3, 2],
      ]),
    );
  });

  it('takes all blocks of a run or none, and no second block at one index or log size', async () => {
    await insert([block(0, 0), block(1, 3)]);
    await expect(append(block(1, 3), [block(2, 5), block(1, 6)])).rejects.toMatchObject({ code: '23505' });
    await expect(append(block(1, 3), [block(2, 3)])).rejects.toMatchObject({ code: '23505' });
    expect((await loadHead(pool)).header.index).toBe(1);
  });

  it('appends only to the block that was sealed last', async () => {
    await insert([block(0, 0), block(1, 3)]);
    expect(await append(block(0, 0), [block(2, 5)])).toBe(false);
    expect((await loadHead(pool)).header.index).toBe(1);
    expect(await append(block(1, 3), [block(2, 5)])).toBe(true);
    expect((await loadHeadToExtend(pool))?.header.index).toBe(2);
  });

  it('gives nothing to build on when the newest block is not the one that was sealed last', async () => {
    await insert([block(0, 0), block(1, 3), block(2, 5)]);
    await pool.query('DELETE FROM blocks WHERE block_index = 2');
    expect(await loadHeadToExtend(pool)).toBeUndefined();
  });
});
