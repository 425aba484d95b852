// Walks the log from its first leaf, a page at a time, and notices the first leaf that is not there. Between pages no connection is held
// when `client` is a pool.

import type { Pool, PoolClient } from 'pg';
import { readLeafPage } from './leaf-store.ts';

export interface TakenLeaves {
  readonly leaves: Uint8Array[];
  /** Index of the first leaf asked for that is not stored. */
  readonly missing?: number;
}

export class LeafReader {
  private readonly client: Pool | PoolClient;
  private readonly size: { pageLeaves?: number };
  private page: Uint8Array[] = [];
  private at = 0;
  /** Where the next page starts. */
  private pageEnd = 0;

  constructor(client: Pool | PoolClient, size: { pageLeaves?: number } = {}) {
    this.client = client;
    this.size = size;
  }

  /** The leaves from where the reader stands up to index `end`. */
  async take(end: number): Promise<TakenLeaves> {
    const leaves: Uint8Array[] = [];
    while (this.at < end) {
      if (this.at === this.pageEnd && !(await this.turnPage())) return { leaves, missing: this.at };
      const start = this.page.length - (this.pageEnd - this.at);
      const count = Math.min(end, this.pageEnd) - this.at;
      for (let i = start; i < start + count; i++) leaves.push(this.page[i] ?? new Uint8Array(0));
      this.at += count;
    }
    return { leaves };
  }

  /** The leaves that the next page holds; none at the end of the log. `missing`: there are leaves, but not the next one. */
  async takePage(): Promise<TakenLeaves> {
    if (this.at === this.pageEnd && !(await this.turnPage())) {
      const [next] = await readLeafPage(this.client, { start: this.at, end: Number.MAX_SAFE_INTEGER });
      return next ? { leaves: [], missing: this.at } : { leaves: [] };
    }
    return this.take(this.pageEnd);
  }

  /** Reads on up to the first gap. False: the next leaf is not stored. */
  private async turnPage(): Promise<boolean> {
    const stored = await readLeafPage(this.client, {
      start: this.at,
      end: Number.MAX_SAFE_INTEGER,
      ...this.size,
    });
    const gap = stored.findIndex(({ leafIndex }, i) => leafIndex !== this.at + i);
    this.page = (gap < 0 ? stored : stored.slice(0, gap)).map(({ leaf }) => leaf);
    this.pageEnd = this.at + this.page.length;
    return this.page.length > 0;
  }
}
