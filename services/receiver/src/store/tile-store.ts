// Full tiles in PostgreSQL, and the log's right edge read back from them. What no full tile holds is made from the leaves again.

import { asHash, edgeRange, type Hash, leafHash, levelSize, type Tile, TileEdge } from '@telltale/ledger';
import type { Pool, PoolClient } from 'pg';
import { readLeaves } from './leaf-store.ts';

export async function insertTiles(client: PoolClient, tiles: readonly Tile[]): Promise<void> {
  if (tiles.length === 0) return;
  await client.query({
    name: 'insert-tiles',
    text: `INSERT INTO tiles (level, tile_index, hashes, root)
           SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[], $4::bytea[])`,
    values: [
      tiles.map((tile) => tile.level),
      tiles.map((tile) => tile.index),
      tiles.map((tile) => tile.hashes),
      tiles.map((tile) => tile.root),
    ],
  });
}

/** The right edge of the log at `size` leaves. Reads at most 255 leaves and 255 tile roots a level. */
export async function loadEdge(client: Pool | PoolClient, size: number): Promise<TileEdge> {
  const edges: Hash[][] = [await leafEdge(client, size)];
  for (let level = 1; levelSize(level, size) > 0; level++) {
    const { start, end } = edgeRange(level, size);
    const { rows } = await client.query<{ root: Buffer }>(
      'SELECT root FROM tiles WHERE level = $1 AND tile_index >= $2 AND tile_index < $3 ORDER BY tile_index',
      [level - 1, start, end],
    );
    edges.push(rows.map((row) => asHash(row.root)));
  }
  return TileEdge.of(size, edges);
}

/** All tiles of a level from `start` on, in order; for whoever compares them with the leaves. */
export async function readTile(client: PoolClient, at: { level: number; index: number }): Promise<Tile | undefined> {
  const { rows } = await client.query<{ hashes: Buffer; root: Buffer }>(
    'SELECT hashes, root FROM tiles WHERE level = $1 AND tile_index = $2',
    [at.level, at.index],
  );
  const row = rows[0];
  return row && { ...at, hashes: row.hashes, root: asHash(row.root) };
}

async function leafEdge(client: Pool | PoolClient, size: number): Promise<Hash[]> {
  const hashes: Hash[] = [];
  for await (const { leaf } of readLeaves(client, edgeRange(0, size))) hashes.push(leafHash(leaf));
  return hashes;
}

export async function countTiles(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ count: bigint }>('SELECT count(*) FROM tiles');
  return Number(rows[0]?.count);
}
