// What streams of events are fed from: the sealed blocks from any index on, out of the database, a page at a time and only when a stream
// asks. Nothing is kept for a stream, so a slow one costs nothing; streams that stand at the same block share one read.

import type { Pool } from 'pg';
import type { Publisher } from '../publish.ts';
import { type BlockSummary, readBlockSummaries } from '../store/block-summary-store.ts';

/** Blocks of one read, 500 bytes each; their readings are counted by the database. A guess. */
const PAGE_BLOCKS = 32;

export class EventsFeed {
  private readonly pool: Pool;
  private readonly publisher: Pick<Publisher, 'head'>;
  /** Streams that wait for the next block. Each takes itself out. */
  private readonly waiting = new Set<() => void>();
  private newest: { start: number; headIndex: number; page: Promise<BlockSummary[]> } | undefined;

  constructor(pool: Pool, publisher: Pick<Publisher, 'head' | 'onPublished'>) {
    this.pool = pool;
    this.publisher = publisher;
    publisher.onPublished(() => {
      for (const wake of [...this.waiting]) wake();
    });
  }

  get headIndex(): number {
    return this.publisher.head.header.index;
  }

  /** Blocks from `start` on until `signal` says that nobody listens any more. Rejects when the database does. */
  async *blocksFrom(start: number, signal: AbortSignal): AsyncGenerator<BlockSummary> {
    let next = start;
    while (await this.untilSealed(next, signal)) {
      const page = await this.read(next);
      if (page.length === 0) throw new Error(`block ${next} is not stored`);
      for (const block of page) {
        if (signal.aborted) return;
        yield block;
      }
      next += page.length;
    }
  }

  private async untilSealed(blockIndex: number, signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted && this.headIndex < blockIndex) await this.nextBlock(signal);
    return !signal.aborted;
  }

  private nextBlock(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  private read(start: number): Promise<BlockSummary[]> {
    const { headIndex } = this;
    if (this.newest?.start === start && this.newest.headIndex === headIndex) return this.newest.page;
    const page = readBlockSummaries(this.pool, { start, limit: PAGE_BLOCKS });
    const newest = { start, headIndex, page };
    this.newest = newest;
    // Whoever waits for the page hears of it; who comes later reads anew.
    page.catch(() => {
      if (this.newest === newest) this.newest = undefined;
    });
    return page;
  }
}
