// Brings sealed blocks to one plugin: in order, each at least once, the next only after the last one settled. It pulls from the database at the
// plugin's pace and holds one page of blocks, so a plugin may fall behind as far as it likes, and sealing never waits for it.

import { setTimeout as delay } from 'node:timers/promises';
import type { SealedBlock } from '@telltale/plugin';
import type { PluginFaults } from './plugin-faults.ts';

/** Blocks of one page, besides the bound of `readPage` on their bytes. A guess: one query's worth, a few hundred kB of small blocks. */
const PAGE_BLOCKS = 64;
/** How long stopping waits for the call under way. A guess: a transaction of a plugin, and less than the plugin's own share of stopping. */
const GRACE_MS = 1_000;

export interface BlockFeedContext {
  /** Index of the first block to bring. */
  readonly from: number;
  /** Index of the newest block. */
  readonly head: () => number;
  readonly readPage: (range: { start: number; limit: number }) => Promise<readonly SealedBlock[]>;
  readonly onBlock: (block: SealedBlock) => Promise<void> | void;
  readonly faults: Pick<PluginFaults, 'note' | 'clear'>;
  /** Milliseconds before the next try after so many failures in a row, at least 1. */
  readonly backoffMs: (failures: number) => number;
}

export class BlockFeed {
  private readonly context: BlockFeedContext;
  private readonly stopping = new AbortController();
  private wake: (() => void) | undefined;
  private running: Promise<void> = Promise.resolve();
  private failures = 0;
  /** Index of the block that is brought now or next. Written by the loop alone. */
  private at: number;

  constructor(context: BlockFeedContext) {
    this.context = context;
    this.at = context.from;
  }

  /** Blocks that are sealed and not yet taken. */
  get lag(): number {
    return Math.max(0, this.context.head() + 1 - this.at);
  }

  start(): void {
    this.running = this.run();
  }

  /** There may be more blocks. */
  nudge(): void {
    this.wake?.();
  }

  /** Brings nothing more. Waits for the call under way, a moment at most: its block comes again at the next start. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.nudge();
    const grace = new AbortController();
    const patience = delay(GRACE_MS, undefined, { signal: grace.signal }).catch(() => undefined);
    await Promise.race([this.running, patience]);
    grace.abort();
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      if (this.lag === 0) await this.untilNudged();
      else await this.bringPage();
    }
  }

  private async bringPage(): Promise<void> {
    const { readPage, onBlock, faults } = this.context;
    let call: 'readBlocks' | 'onBlock' = 'readBlocks';
    try {
      const page = await readPage({ start: this.at, limit: PAGE_BLOCKS });
      if (page.length === 0) throw new Error(`block ${this.at} is not stored`);
      faults.clear(call);
      call = 'onBlock';
      for (const block of page) {
        if (this.stopping.signal.aborted) return;
        await onBlock(block);
        // A crash before the plugin's own commit, or between it and this line, starts from the plugin's cursor: nothing is kept here.
        this.at = block.blockIndex + 1;
        this.failures = 0;
        faults.clear(call);
      }
    } catch (error) {
      faults.note(call, error);
      this.failures++;
      const pauseMs = this.context.backoffMs(this.failures);
      // Aborted by stop alone: new blocks do not make a plugin well.
      await delay(pauseMs, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async untilNudged(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    this.wake = undefined;
  }
}
