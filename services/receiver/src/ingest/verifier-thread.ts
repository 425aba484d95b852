// One thread of the verifiers, as the event loop sees it: what it was given, and its answers, which come in the same order.

import { Worker } from 'node:worker_threads';
import type { SignatureCheck } from '@telltale/ledger';
import { NONE_WRONG, packBatch } from '@telltale/signature-threads';
import { ReceiverError } from '../errors.ts';
import type { BodiesToVerify, VerifiedBodies } from './verifiers-worker.ts';

/** V8's young generation in a thread, as small as the receiver's own (scripts/service-process.ts): bodies die young and in any case. A guess. */
const YOUNG_GENERATION_MB = 3;

type Waiting = { readonly reject: (error: unknown) => void } & (
  | { readonly kind: 'bodies'; readonly resolve: (verified: VerifiedBodies) => void }
  | { readonly kind: 'batch'; readonly resolve: (firstWrong: number | undefined) => void }
);

export class VerifierThread {
  private readonly worker: Worker;
  private waiting: Waiting[] = [];
  private hasEnded = false;

  /** Starts it. `onError`: it threw. `onEnd`: it is gone, and whatever it worked on was rejected. */
  constructor(options: { entry: URL; maxEnvelopes: number; onError: (error: unknown) => void; onEnd: () => void }) {
    this.worker = new Worker(options.entry, {
      workerData: { maxEnvelopes: options.maxEnvelopes },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.worker.on('message', (answer: VerifiedBodies | number) => this.answer(answer));
    this.worker.on('error', options.onError);
    this.worker.on('exit', () => {
      this.hasEnded = true;
      for (const { reject } of this.waiting.splice(0)) reject(lost());
      options.onEnd();
    });
  }

  /** Batches of a log's signatures that it was given and has not answered. */
  get batches(): number {
    return this.waiting.filter(({ kind }) => kind === 'batch').length;
  }

  /** Scans bodies and checks their signatures. Takes their memory. Rejects with ReceiverError `check-failed` when the thread ends. */
  verify(bodies: BodiesToVerify): Promise<VerifiedBodies> {
    return new Promise((resolve, reject) => {
      this.send({ kind: 'bodies', resolve, reject }, () => this.worker.postMessage(bodies, [bodies.bytes]));
    });
  }

  /** The place of the first wrong signature of a batch, or undefined. Rejects as `verify` does. */
  check(batch: readonly SignatureCheck[]): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      this.send({ kind: 'batch', resolve, reject }, () => {
        const packed = packBatch(batch);
        this.worker.postMessage(packed, [packed.bytes, packed.table.buffer]);
      });
    });
  }

  /** Ends it; whatever it works on rejects. */
  async stop(): Promise<void> {
    await this.worker.terminate();
  }

  private send(waiting: Waiting, post: () => void): void {
    if (this.hasEnded) {
      waiting.reject(lost());
      return;
    }
    // First: what cannot be sent is not waited for. An answer comes in a later turn of the event loop.
    post();
    this.waiting.push(waiting);
  }

  private answer(answer: VerifiedBodies | number): void {
    const next = this.waiting.shift();
    if (next?.kind === 'bodies' && typeof answer === 'object') next.resolve(answer);
    else if (next?.kind === 'batch' && typeof answer === 'number')
      next.resolve(answer === NONE_WRONG ? undefined : answer);
    else throw new Error('a thread answered what it was not asked');
  }
}

function lost(): ReceiverError {
  return new ReceiverError('check-failed', 'the signatures could not be checked; try again soon');
}
