// How far the ring has this ledger's blocks, as the database keeps it: peering_lane_cursor, and the blocks that are too long for the ring.

import type { Pool } from 'pg';

/** Every block below `nextBlock` and every leaf below `logSize` is on a majority of its replicas, but for those of skipped blocks. */
export interface LanePosition {
  readonly nextBlock: number;
  readonly logSize: number;
}

/** A block that the ring does not take, and its leaves: from `firstLeafIndex`, up to but not with `logSize`. */
export interface SkippedBlock {
  readonly blockIndex: number;
  readonly firstLeafIndex: number;
  readonly logSize: number;
}

export class LaneCursorStore {
  private readonly pool: Pool;

  /** `pool`: on a database with the migrations of this package. The caller ends it. */
  constructor(pool: Pool) {
    this.pool = pool;
  }

  async read(): Promise<LanePosition> {
    const { rows } = await this.pool.query<{ next_block: bigint; log_size: bigint }>(
      'SELECT next_block, log_size FROM peering_lane_cursor',
    );
    return { nextBlock: Number(rows[0]?.next_block), logSize: Number(rows[0]?.log_size) };
  }

  /**
   * Moves it forward, never back: two receivers of one database may both have put blocks. A crash before this commit: the blocks are put
   * again, under the same keys and with the same bytes. After it: they are not.
   */
  async advance({ nextBlock, logSize }: LanePosition): Promise<void> {
    await this.pool.query(
      `UPDATE peering_lane_cursor SET next_block = greatest(next_block, $1), log_size = greatest(log_size, $2)`,
      [nextBlock, logSize],
    );
  }

  /** Committed before the cursor passes the block: a crash in between notes it again. */
  async skip({ blockIndex, firstLeafIndex, logSize }: SkippedBlock): Promise<void> {
    await this.pool.query(
      `INSERT INTO peering_lane_skipped (block_index, first_leaf_index, log_size) VALUES ($1, $2, $3)
       ON CONFLICT DO NOTHING`,
      [blockIndex, firstLeafIndex, logSize],
    );
  }

  /** Whether one of these leaves is in a block that was skipped. */
  async areSkipped(leafIndexes: readonly number[]): Promise<boolean> {
    const { rowCount } = await this.pool.query(
      `SELECT 1 FROM peering_lane_skipped, unnest($1::bigint[]) AS leaf (leaf_index)
        WHERE leaf_index >= first_leaf_index AND leaf_index < log_size LIMIT 1`,
      [leafIndexes],
    );
    return rowCount !== 0;
  }
}
