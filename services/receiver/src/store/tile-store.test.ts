// The log's right edge read back from stored tiles and leaves, at every kind of size: it must give what the whole tree gives.

import { inTransaction, openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import { leafHash, MerkleTree, type Tile, TileEdge, toHex } from '@telltale/ledger';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ensurePartitions } from './leaf-store.ts';
import { countTiles, insertTiles, loadEdge, readTile } from './tile-store.ts';

/** One tile of level 1 and a little more. */
const LEAVES = 256 * 256 + 300;

let database: TestDatabase;
let pool: Pool;
const tree = new MerkleTree();
const tiles: Tile[] = [];

beforeAll(async () => {
  database = await createTestDatabase(inject('testServer'));
  pool = openPool({
    connection: database.target,
    applicationName: 'test',
    maxConnections: 4,
    onError: () => undefined,
  });
  const edge = TileEdge.empty();
  for (let i = 0; i < LEAVES; i++) {
    const hash = leafHash(leaf(i));
    tree.append(hash);
    tiles.push(...edge.append(hash));
  }
  await inTransaction(pool, { isolation: 'read committed' }, async (client) => {
    await ensurePartitions(client, 0);
    await client.query(
      `INSERT INTO leaves SELECT i, int8send(i) || decode(repeat('00', 36), 'hex') FROM generate_series(0, $1::bigint - 1) AS i`,
      [LEAVES],
    );
    await insertTiles(client, tiles);
  });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

function leaf(i: number): Uint8Array {
  const bytes = Buffer.alloc(44);
  bytes.writeBigUInt64BE(BigInt(i));
  return bytes;
}

describe('loadEdge', () => {
  const sizes = [0, 1, 2, 255, 256, 257, 511, 512, 513, 1000, 65_535, 65_536, 65_537, 65_791, 65_792, LEAVES];
  it.each(sizes)('gives the root of %i leaves', async (size) => {
    const edge = await loadEdge(pool, size);
    expect(edge.size).toBe(size);
    expect(toHex(edge.root())).toBe(toHex(tree.root(size)));
  });

  it('gives an edge that goes on as the whole log did, tiles included', async () => {
    const edge = await loadEdge(pool, 65_000);
    const made: Tile[] = [];
    for (let i = 65_000; i < LEAVES; i++) made.push(...edge.append(leafHash(leaf(i))));
    expect(made.map(({ level, index }) => ({ level, index }))).toEqual([
      { level: 0, index: 253 },
      { level: 0, index: 254 },
      { level: 0, index: 255 },
      { level: 1, index: 0 },
      { level: 0, index: 256 },
    ]);
    expect(made).toEqual(tiles.slice(-made.length));
    expect(toHex(edge.root())).toBe(toHex(tree.root()));
  });

  it('throws where tiles or leaves are missing, instead of giving another root', async () => {
    await inTransaction(pool, { isolation: 'read committed' }, async (client) => {
      await client.query('DELETE FROM tiles WHERE level = 0 AND tile_index = 256');
    });
    await expect(loadEdge(pool, LEAVES)).rejects.toThrow(/does not fit/);
    await expect(loadEdge(pool, LEAVES + 1)).rejects.toThrow(/does not fit/);
    expect((await loadEdge(pool, 65_536)).size).toBe(65_536);
  });
});

describe('stored tiles', () => {
  it('are read back as they were written, and not where there is none', async () => {
    const client = await pool.connect();
    try {
      const [first] = tiles;
      const stored = await readTile(client, { level: 0, index: 0 });
      expect(stored && toHex(stored.hashes)).toBe(first && toHex(first.hashes));
      expect(stored && toHex(stored.root)).toBe(first && toHex(first.root));
      expect(await readTile(client, { level: 3, index: 0 })).toBeUndefined();
      // The test before took one away.
      expect(await countTiles(client)).toBe(tiles.length - 1);
    } finally {
      client.release();
    }
  });
});
