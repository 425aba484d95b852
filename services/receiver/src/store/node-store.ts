// The hashes that tiles hold, read at any width: full tiles from `tiles`, the unfinished end of a level from the leaves or from the roots of
// the tiles below. Reads only; tile-store.ts writes.

import { type Hash, splitHashes, TILE_WIDTH } from '@telltale/ledger';
import type { Pool, PoolClient } from 'pg';

/** The first `width` hashes of a tile. Below 256 the tile itself need not be full. */
export interface TileSpan {
  readonly level: number;
  readonly index: number;
  readonly width: number;
}

/**
 * The hashes of each span, in order, in one query. Throws where the database does not hold them all: the caller asks for nothing past the
 * newest block, so a hash was taken away.
 */
export async function readTileSpans(client: Pool | PoolClient, spans: readonly TileSpan[]): Promise<Hash[][]> {
  if (spans.length === 0) return [];
  // Leaves are hashed where they lie: 255 of them may be 16 MB, their hashes are 8 kB. The LIMIT is for the planner alone, which would else
  // expect a part of the whole log and compile the query (jit) for longer than it runs.
  const { rows } = await client.query<{ position: bigint; bytes: Buffer }>(
    `WITH span AS MATERIALIZED (
       SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::int[]) WITH ORDINALITY AS span (level, tile_index, width, position)
     )
     SELECT position, NULL::bigint AS node_index, hashes AS bytes
       FROM span JOIN tiles USING (level, tile_index)
      WHERE width = ${TILE_WIDTH}
     UNION ALL
     SELECT position, below.tile_index, below.root
       FROM span JOIN tiles AS below
         ON below.level = span.level - 1
        AND below.tile_index >= span.tile_index * ${TILE_WIDTH} AND below.tile_index < span.tile_index * ${TILE_WIDTH} + width
      WHERE span.level > 0 AND width < ${TILE_WIDTH}
     UNION ALL
     SELECT position, leaf_index, sha256('\\x00'::bytea || leaf)
       FROM span CROSS JOIN LATERAL (
              SELECT leaf_index, leaf FROM leaves
               WHERE leaf_index >= tile_index * ${TILE_WIDTH} AND leaf_index < tile_index * ${TILE_WIDTH} + width
               ORDER BY leaf_index LIMIT ${TILE_WIDTH}) AS edge
      WHERE level = 0 AND width < ${TILE_WIDTH}
      ORDER BY position, node_index`,
    [spans.map((span) => span.level), spans.map((span) => span.index), spans.map((span) => span.width)],
  );
  const hashes: Hash[][] = spans.map(() => []);
  for (const { position, bytes } of rows) {
    hashes[Number(position) - 1]?.push(...splitHashes(bytes));
  }
  for (const [i, span] of spans.entries()) {
    const count = hashes[i]?.length ?? 0;
    if (count !== span.width) {
      throw new Error(`tile ${span.index} of level ${span.level} has ${count} of ${span.width} hashes in the database`);
    }
  }
  return hashes;
}
