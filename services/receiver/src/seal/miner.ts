// Proof of work off the event loop: mines runs of blocks in worker threads, which are started at the first run and can be stopped at once.

import { availableParallelism } from 'node:os';
import type { MiningRun } from './mine-run.ts';
import { type CrewPlan, MiningCrew } from './mining-crew.ts';
import { loadKernel } from './wasm/nonce-search.ts';

/**
 * From this difficulty on a header is mined by all cores, at the lowest priority, so that requests come first. Below it one thread is done
 * within 26 ms on average, sooner than that matters to requests, and many blocks a second may have to be mined on a busy machine.
 */
const SHARED_DIFFICULTY_BITS = 20;
/** The lowest priority there is, as of nice(1). */
const LOWEST_PRIORITY = 19;
const EASY_PLAN: CrewPlan = { threads: 1, niceness: 0 };

export class Miner {
  private readonly hardPlan: CrewPlan;
  private readonly kernel: () => WebAssembly.Module | undefined;
  private crew: MiningCrew | undefined;

  /** `threads` mine a hard header together; `kernel` gives the compiled kernel, or undefined where the plain search must do. */
  constructor({ threads = availableParallelism(), kernel = loadKernel } = {}) {
    this.hardPlan = { threads, niceness: LOWEST_PRIORITY };
    this.kernel = kernel;
  }

  /**
   * Mines a run and gives the headers that it finished, 116 bytes each. One run at a time. An aborted run gives what it has, maybe nothing.
   * Rejects when a thread dies; the next run starts others.
   */
  async mine(run: MiningRun, signal: AbortSignal): Promise<Uint8Array[]> {
    if (signal.aborted) return [];
    const crew = await this.crewFor(run);
    return crew.mine(run, signal);
  }

  /** Ends the threads. */
  async stop(): Promise<void> {
    const { crew } = this;
    this.crew = undefined;
    await crew?.stop();
  }

  /** The crew of the run before, unless it is too small: the difficulty of a ledger never falls. */
  private async crewFor({ difficultyBits }: MiningRun): Promise<MiningCrew> {
    const isHard = difficultyBits >= SHARED_DIFFICULTY_BITS;
    if (this.crew && !this.crew.isBroken && (!isHard || this.crew.plan === this.hardPlan)) return this.crew;
    await this.stop();
    this.crew = new MiningCrew(isHard ? this.hardPlan : EASY_PLAN, this.kernel());
    return this.crew;
  }
}
