// The threads that mine together, from their start to their end. If one of them ends the crew is broken, and ends as a whole.

import { Worker } from 'node:worker_threads';
import type { MiningRun } from './mine-run.ts';
import { SharedSearch } from './shared-search.ts';

/** What a thread is given at its start. */
export interface MiningThread {
  /** 'alone' takes runs as the leader does, but has nobody to share with. */
  readonly role: 'alone' | 'leader' | 'helper';
  readonly memory: SharedArrayBuffer;
  /** Undefined where there is no WebAssembly SIMD. */
  readonly kernel: WebAssembly.Module | undefined;
  /** How much the thread stands back, as of nice(1): 0 not at all. */
  readonly niceness: number;
}

export interface CrewPlan {
  readonly threads: number;
  readonly niceness: number;
}

export class MiningCrew {
  readonly plan: CrewPlan;
  private readonly shared: SharedSearch;
  private readonly leader: Worker;
  private readonly helpers: readonly Worker[];
  private failure: Error | undefined;
  private fail: ((error: Error) => void) | undefined;

  constructor(plan: CrewPlan, kernel: WebAssembly.Module | undefined) {
    this.plan = plan;
    const memory = SharedSearch.createMemory();
    this.shared = new SharedSearch(memory);
    const start = (role: MiningThread['role']) => {
      const workerData: MiningThread = { role, memory, kernel, niceness: plan.niceness };
      const worker = new Worker(new URL('./miner-worker.ts', import.meta.url), { workerData });
      // A thread may also end between two runs; without a listener its error would end the process.
      return worker.on('error', (error) => this.break(error)).on('exit', () => this.break());
    };
    this.leader = start(plan.threads > 1 ? 'leader' : 'alone');
    this.helpers = Array.from({ length: plan.threads - 1 }, () => start('helper'));
  }

  /** Whether a thread has ended: this crew mines no more. */
  get isBroken(): boolean {
    return this.failure !== undefined;
  }

  /** Mines one run at a time. Rejects when a thread ends; an aborted run gives what it has. */
  async mine(run: MiningRun, signal: AbortSignal): Promise<Uint8Array[]> {
    if (signal.aborted) return [];
    if (this.failure) throw this.failure;
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array[]>();
    const stop = () => this.shared.setStopped(true);
    this.fail = reject;
    this.shared.setStopped(false);
    signal.addEventListener('abort', stop, { once: true });
    this.leader.once('message', resolve);
    try {
      this.leader.postMessage(run);
      return await promise;
    } finally {
      signal.removeEventListener('abort', stop);
      this.leader.off('message', resolve);
      this.fail = undefined;
    }
  }

  /** Ends the threads. */
  async stop(): Promise<void> {
    await Promise.all([this.leader, ...this.helpers].map((worker) => worker.terminate()));
  }

  private break(error: Error = new Error('the mining thread ended')): void {
    if (this.failure) return;
    this.failure = error;
    this.fail?.(error);
    void this.stop();
  }
}
