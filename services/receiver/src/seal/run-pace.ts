// When the sealer's next run may begin: under load readings gather and share a run's statements; the first after a rest is sealed at once.
// A pure rule: no clock of its own, no I/O.

/** Blocks in one run and one transaction. Bounds what a crash makes mine again. A guess. */
export const MAX_RUN_BLOCKS = 256;
/**
 * From one run to the next, unless somebody waits for sealing or there is a whole run to seal (at 100 ms a third of PostgreSQL's work for single
 * readings, measured). A guess: unnoticed by people.
 */
const RUN_PAUSE_MS = 250;
/** Leaves for which a run waits no longer, where a run's blocks hold more: half of what is held in memory for the sealer (fresh-leaves.ts). */
const MAX_GATHERED_LEAVES = 8_192;

/** Leaves that wait for a block, as far as this receiver knows. */
export interface WaitingLeaves {
  /** At which the loop has looked: it knows when they are due, and looks again by then. */
  readonly seenLeaves: number;
  /** Accepted since. */
  readonly freshLeaves: number;
}

export class RunPace {
  private readonly transactionsPerBlock: number;
  private readonly runLeaves: number;
  private nextRunAtUs = 0;

  constructor(transactionsPerBlock: number) {
    this.transactionsPerBlock = transactionsPerBlock;
    this.runLeaves = Math.min(MAX_GATHERED_LEAVES, MAX_RUN_BLOCKS * transactionsPerBlock);
  }

  /** A run begins now. */
  begin(nowUs: number): void {
    this.nextRunAtUs = nowUs + RUN_PAUSE_MS * 1000;
  }

  /** How long readings may still gather, in milliseconds; 0 or less: no longer. */
  restMs(at: WaitingLeaves & { nowUs: number; isAwaited: boolean }): number {
    const restMs = (this.nextRunAtUs - at.nowUs) / 1000;
    // A clock that was set back makes nobody wait longer than that.
    return at.isAwaited || at.seenLeaves + at.freshLeaves >= this.runLeaves || restMs > RUN_PAUSE_MS ? 0 : restMs;
  }

  /**
   * Whether readings that came may have filled a block. Looking costs a walk over all that waits: at each group commit, and blocks of tens of
   * thousands, that took a whole core (measured). Of leaves that it has not seen, the loop does not know when they are due.
   */
  mayFillBlock({ seenLeaves, freshLeaves }: WaitingLeaves): boolean {
    return seenLeaves === 0 || seenLeaves + freshLeaves >= this.transactionsPerBlock;
  }
}
