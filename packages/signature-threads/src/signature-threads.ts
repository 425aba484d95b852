// Worker threads that check signatures for whoever verifies a log, synchronously and many at a time: the callback form of node:crypto costs
// a job, a promise and garbage for each. They belong to one verification and end with it.

import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { checkWithOwnVerifiers, type SignatureCheck, type SignatureChecker } from '@telltale/ledger';
import { NONE_WRONG, packBatch } from './packed-batch.ts';

/**
 * Threads at most. The thread that reads the log needs 6 to 11 µs for a reading, an Ed25519 signature 40 with libsodium and 75 without (measured),
 * so that more would only wait; and each takes memory. The memory was measured with two threads only: 8 is a guess.
 */
const MAX_THREADS = 8;
/**
 * Batches of each thread: 20 to 40 ms of work, so that it goes on while whoever reads waits for a page of a database. Beyond that a guess; a
 * batch holds 128 kB at most.
 */
const BATCHES_PER_THREAD = 8;
/** V8's young generation in a thread, in MB: what a batch leaves behind is garbage at once. A guess. */
const YOUNG_GENERATION_MB = 2;

/** A signature could not be checked, so that nothing can be said of the log. `cause`: what ended the thread, where it said so. */
export class SignatureThreadsError extends Error {
  override readonly name = 'SignatureThreadsError';
  readonly code = 'signature-threads';
}

interface Waiting {
  readonly resolve: (firstWrong: number | undefined) => void;
  readonly reject: (error: unknown) => void;
}

interface Thread {
  readonly worker: Worker;
  /** In the order in which their batches were sent: so they come back. */
  readonly waiting: Waiting[];
}

export class SignatureThreads implements SignatureChecker {
  readonly maxBatches: number;
  private readonly entry: URL;
  private readonly mostThreads: number;
  private readonly threads: Thread[] = [];
  private isFirst = true;
  private failure: SignatureThreadsError | undefined;

  /** Starts nothing yet. `threads`: by default one a core, eight at most. `entry`: what they run. */
  constructor(options: { threads?: number; entry?: URL } = {}) {
    this.mostThreads = options.threads ?? Math.min(availableParallelism(), MAX_THREADS);
    this.maxBatches = BATCHES_PER_THREAD * this.mostThreads;
    this.entry = options.entry ?? new URL('./signature-worker.ts', import.meta.url);
  }

  /** As SignatureChecker has it. Rejects with SignatureThreadsError once a thread has ended, for this batch and all later ones. */
  check(batch: readonly SignatureCheck[]): Promise<number | undefined> {
    if (this.failure) return Promise.reject(this.failure);
    if (this.isFirst) {
      // A short log has no second batch: it is done before a thread could start.
      this.isFirst = false;
      return checkWithOwnVerifiers.check(batch);
    }
    const thread = this.leastBusy();
    return new Promise((resolve, reject) => {
      thread.waiting.push({ resolve, reject });
      const packed = packBatch(batch);
      thread.worker.postMessage(packed, [packed.bytes, packed.table.buffer]);
    });
  }

  /** Ends the threads. What is under way rejects. */
  async stop(): Promise<void> {
    this.fail(new SignatureThreadsError('the threads that check signatures were stopped'));
    await Promise.all(this.threads.map(({ worker }) => worker.terminate()));
  }

  private leastBusy(): Thread {
    let least: Thread | undefined;
    for (const thread of this.threads) {
      if (!least || thread.waiting.length < least.waiting.length) least = thread;
    }
    return !least || (least.waiting.length > 0 && this.threads.length < this.mostThreads) ? this.start() : least;
  }

  private start(): Thread {
    const worker = new Worker(this.entry, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB } });
    const thread: Thread = { worker, waiting: [] };
    this.threads.push(thread);
    worker.on('message', (firstWrong: number) => {
      thread.waiting.shift()?.resolve(firstWrong === NONE_WRONG ? undefined : firstWrong);
    });
    worker.on('error', (cause) => this.fail(endedThread({ cause })));
    worker.on('exit', () => this.fail(endedThread()));
    return thread;
  }

  /** The first failure is the one that counts. Another thread is not tried: what ended this one may be in the log. */
  private fail(error: SignatureThreadsError): void {
    this.failure ??= error;
    for (const { waiting } of this.threads) {
      for (const { reject } of waiting.splice(0)) reject(this.failure);
    }
  }
}

/** Runs `use` with threads of its own, which end with it. */
export async function withSignatureThreads<T>(use: (checker: SignatureChecker) => Promise<T>): Promise<T> {
  const threads = new SignatureThreads();
  try {
    return await use(threads);
  } finally {
    await threads.stop();
  }
}

function endedThread(options?: { cause: unknown }): SignatureThreadsError {
  return new SignatureThreadsError('a thread that checks signatures ended before its work was done', options);
}
