// Proof of work off the event loop: one worker thread that mines runs of blocks. It is started at the first run and can be stopped at once.

import { Worker } from 'node:worker_threads';
import type { MiningRun } from './mine-run.ts';

export class Miner {
  private readonly stopFlag = new Int32Array(new SharedArrayBuffer(4));
  private worker: Worker | undefined;

  /**
   * Mines a run and gives the headers that it finished, 116 bytes each. One run at a time. An aborted run gives what it has, maybe nothing.
   * Rejects when the thread dies; the next run starts another.
   */
  async mine(run: MiningRun, signal: AbortSignal): Promise<Uint8Array[]> {
    if (signal.aborted) return [];
    const worker = this.start();
    Atomics.store(this.stopFlag, 0, 0);
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array[]>();
    const stop = () => Atomics.store(this.stopFlag, 0, 1);
    const fail = () => reject(new Error('the mining thread ended'));
    signal.addEventListener('abort', stop, { once: true });
    worker.once('message', resolve).once('error', reject).once('exit', fail);
    try {
      worker.postMessage(run);
      return await promise;
    } finally {
      signal.removeEventListener('abort', stop);
      worker.off('message', resolve).off('error', reject).off('exit', fail);
    }
  }

  /** Ends the thread. */
  async stop(): Promise<void> {
    await this.worker?.terminate();
    this.worker = undefined;
  }

  private start(): Worker {
    if (this.worker) return this.worker;
    const worker = new Worker(new URL('./miner-worker.ts', import.meta.url), {
      workerData: { stopFlag: this.stopFlag },
    });
    this.worker = worker;
    // A thread may also end between two runs. It is forgotten then, and without a listener its error would end the process.
    const forget = () => {
      if (this.worker === worker) this.worker = undefined;
    };
    worker.on('error', forget).on('exit', forget);
    return worker;
  }
}
