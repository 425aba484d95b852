// Signatures checked by several workers: in a browser one takes about a millisecond, and a phone has cores that wait. They belong to one
// verification and end with it.

import type { SignatureCheck, SignatureChecker } from '@telltale/ledger';

/** A check as a worker gets it. */
export interface CheckedSignature {
  readonly spki: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** Workers at most. A guess: each holds the curves' tables, some megabytes. */
const MAX_WORKERS = 8;
/** Batches for each worker, so that it has the next one when it has done one. */
const BATCHES_PER_WORKER = 2;

interface Waiting {
  readonly resolve: (firstWrong: number | undefined) => void;
  readonly reject: (error: Error) => void;
}

interface PoolWorker {
  readonly worker: Worker;
  /** In the order in which the batches were sent, which is that of the answers. */
  readonly waiting: Waiting[];
}

export class SignaturePool implements SignatureChecker {
  readonly maxBatches: number;
  private readonly most: number;
  /** The first at once, the others as they are needed: a short chain is verified before a second one could begin. */
  private readonly workers: PoolWorker[] = [];
  private failure: Error | undefined;

  constructor(count = Math.max(1, Math.min(MAX_WORKERS, navigator.hardwareConcurrency - 1))) {
    this.most = count;
    this.maxBatches = count * BATCHES_PER_WORKER;
    this.start();
  }

  check(batch: readonly SignatureCheck[]): Promise<number | undefined> {
    const { failure } = this;
    if (failure) return Promise.reject(failure);
    const idlest = this.idlest();
    const checks = batch.map(
      ({ signer, message, signature }): CheckedSignature => ({
        spki: signer.key.spki,
        // Views of whole blocks: only their own bytes are sent.
        message: message.slice(),
        signature: signature.slice(),
      }),
    );
    return new Promise((resolve, reject) => {
      idlest.waiting.push({ resolve, reject });
      idlest.worker.postMessage(checks);
    });
  }

  /** Ends the workers; what is under way is never answered. */
  stop(): void {
    for (const { worker } of this.workers.splice(0)) worker.terminate();
  }

  private idlest(): PoolWorker {
    const [least] = [...this.workers].sort((a, b) => a.waiting.length - b.waiting.length);
    return !least || (least.waiting.length > 0 && this.workers.length < this.most) ? this.start() : least;
  }

  private start(): PoolWorker {
    const worker = new Worker(new URL('./signature-worker.ts', import.meta.url), { type: 'module' });
    const waiting: Waiting[] = [];
    worker.addEventListener('message', ({ data }: MessageEvent<number>) => {
      waiting.shift()?.resolve(data < 0 ? undefined : data);
    });
    const fail = () => this.fail();
    worker.addEventListener('error', fail);
    worker.addEventListener('messageerror', fail);
    const started = { worker, waiting };
    this.workers.push(started);
    return started;
  }

  /** A worker that died leaves no verdict on anything. */
  private fail(): void {
    this.failure ??= new Error('a worker that checks signatures failed');
    for (const { waiting } of this.workers) {
      for (const { reject } of waiting.splice(0)) reject(this.failure);
    }
  }
}
