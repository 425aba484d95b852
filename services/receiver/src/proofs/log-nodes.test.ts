// Nodes of a stored log of more than one tile of level 1, against the whole tree in memory.

import { inTransaction, openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import {
  consistencyNodes,
  inclusionNodes,
  leafHash,
  MerkleTree,
  proveConsistency,
  proveInclusion,
  type Tile,
  TileEdge,
  toHex,
} from '@telltale/ledger';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ensurePartitions } from '../store/leaf-store.ts';
import { insertTiles } from '../store/tile-store.ts';
import { loadNodes, tileWidth } from './log-nodes.ts';

/** One tile of level 1 and a little more. */
const LEAVES = 256 * 256 + 300;

let database: TestDatabase;
let pool: Pool;
const tree = new MerkleTree();

beforeAll(async () => {
  database = await createTestDatabase(inject('testServer'));
  pool = openPool({
    connection: database.target,
    applicationName: 'test',
    maxConnections: 2,
    onError: () => undefined,
  });
  const edge = TileEdge.empty();
  const tiles: Tile[] = [];
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

const SIZES = [1, 2, 255, 256, 257, 512, 1000, 65_535, 65_536, 65_537, 65_792, LEAVES];

describe('loadNodes', () => {
  it.each(SIZES)('gives the inclusion paths of a log of %i leaves', async (treeSize) => {
    const indexes = new Set(
      [0, 1, 255, 256, 700, 40_000, treeSize - 2, treeSize - 1].filter((i) => i >= 0 && i < treeSize),
    );
    for (const leafIndex of indexes) {
      const nodes = inclusionNodes({ leafIndex, treeSize });
      const readNode = await loadNodes(pool, { size: treeSize, nodes });
      expect(proveInclusion({ leafIndex, treeSize }, readNode).map(toHex)).toEqual(
        proveInclusion({ leafIndex, treeSize }, tree.node).map(toHex),
      );
    }
  });

  it('gives the consistency paths between sizes', async () => {
    for (const toSize of SIZES) {
      for (const fromSize of SIZES.filter((size) => size <= toSize)) {
        const sizes = { fromSize, toSize };
        const readNode = await loadNodes(pool, { size: toSize, nodes: consistencyNodes(sizes) });
        expect(proveConsistency(sizes, readNode).map(toHex)).toEqual(proveConsistency(sizes, tree.node).map(toHex));
      }
    }
  });

  it('gives the nodes of many proofs at once, and none that was not asked for', async () => {
    const indexes = Array.from({ length: 500 }, (_, i) => i * 131);
    const nodes = indexes.flatMap((leafIndex) => inclusionNodes({ leafIndex, treeSize: LEAVES }));
    const readNode = await loadNodes(pool, { size: LEAVES, nodes });
    for (const position of nodes) expect(toHex(readNode(position))).toBe(toHex(tree.node(position)));
    const few = await loadNodes(pool, { size: LEAVES, nodes: [{ level: 0, index: 0 }] });
    expect(() => few({ level: 0, index: 256 })).toThrow(/not asked for/);
  });

  it('refuses nodes that the log of that size does not have', async () => {
    await expect(loadNodes(pool, { size: 256, nodes: [{ level: 0, index: 256 }] })).rejects.toThrow(/has no node/);
    await expect(loadNodes(pool, { size: 300, nodes: [{ level: 8, index: 1 }] })).rejects.toThrow(/has no node/);
  });

  it('throws where a tile or a leaf was taken away, instead of giving another hash', async () => {
    await pool.query('DELETE FROM tiles WHERE level = 0 AND tile_index = 3');
    await pool.query('DELETE FROM leaves WHERE leaf_index = 65800');
    await expect(loadNodes(pool, { size: LEAVES, nodes: [{ level: 0, index: 800 }] })).rejects.toThrow(/0 of 256/);
    await expect(loadNodes(pool, { size: LEAVES, nodes: [{ level: 0, index: LEAVES - 1 }] })).rejects.toThrow(
      /43 of 44/,
    );
    // A log so small that tile 3 is in the unfinished end of level 1.
    await expect(loadNodes(pool, { size: 1100, nodes: [{ level: 8, index: 0 }] })).rejects.toThrow(/3 of 4/);
  });
});

describe('tileWidth', () => {
  it('is what the log has of a tile', () => {
    expect(tileWidth({ level: 0, index: 0 }, 0)).toBe(0);
    expect(tileWidth({ level: 0, index: 1 }, 256)).toBe(0);
    expect(tileWidth({ level: 0, index: 1 }, 300)).toBe(44);
    expect(tileWidth({ level: 0, index: 0 }, 300)).toBe(256);
    expect(tileWidth({ level: 1, index: 0 }, LEAVES)).toBe(256);
    expect(tileWidth({ level: 1, index: 1 }, LEAVES)).toBe(1);
    expect(tileWidth({ level: 2, index: 0 }, LEAVES)).toBe(1);
  });
});
