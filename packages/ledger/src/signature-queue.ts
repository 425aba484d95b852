// Signatures under way while a log is read: gathered into batches, checked elsewhere, settled in the order of the log, so that the first
// wrong one counts whenever it is found. What checks them is an argument: Node.js may have threads for it, a browser has none.

import type { ChainFault } from './chain-fault.ts';
import type { SignatureCheck } from './signature-check.ts';

/** Checks signatures, a batch at a time. */
export interface SignatureChecker {
  /** Batches under way that keep it busy; whoever reads waits before there are more. It bounds memory. */
  readonly maxBatches: number;
  /**
   * The place in the batch, from 0, of the first signature that is wrong; undefined: all are right. Rejects when it cannot tell. Every key
   * is one that `createVerifier` takes.
   */
  check(batch: readonly SignatureCheck[]): Promise<number | undefined>;
}

/** Signatures of a full batch: 3 to 5 ms of work, against 0.1 ms to send it to a thread and back. A guess. */
export const SIGNATURES_PER_BATCH = 64;
/** Bytes of messages after which a batch is full with fewer signatures: it bounds memory where messages are long. A guess. */
const BATCH_BYTES = 64 * 1024;

/** Each with its key's own verifier: on libuv's threads in Node.js, on the calling thread in a browser. */
export const checkWithOwnVerifiers: SignatureChecker = {
  // 256 signatures. 2,048 under way took 75 MB more at the same rate, measured with a promise each and no batches.
  maxBatches: 4,
  async check(batch) {
    const verdicts = await Promise.all(
      batch.map(({ signer, message, signature }) => signer.verify(message, signature)),
    );
    const wrong = verdicts.indexOf(false);
    return wrong < 0 ? undefined : wrong;
  },
};

/** Where a signature stands, and the code of the fault if it is wrong. */
export type SignaturePlace = Omit<ChainFault, 'message'>;

interface Batch {
  /** The fault that each signature is if it is wrong. Not the checks themselves: their bytes belong to whole blocks. */
  readonly faults: readonly ChainFault[];
  readonly firstWrong: Promise<number | undefined>;
}

export class SignatureQueue {
  private readonly checker: SignatureChecker;
  private checks: SignatureCheck[] = [];
  private faults: ChainFault[] = [];
  private sizeBytes = 0;
  /** In the order of the log. */
  private readonly underWay: Batch[] = [];
  private fault: ChainFault | undefined;

  constructor(checker: SignatureChecker) {
    this.checker = checker;
  }

  /** Takes the next signature of the log. */
  push(check: SignatureCheck, place: SignaturePlace): void {
    this.checks.push(check);
    this.faults.push({ ...place, message: `${check.what} is wrong` });
    this.sizeBytes += check.message.length;
    if (this.checks.length === SIGNATURES_PER_BATCH || this.sizeBytes >= BATCH_BYTES) this.handOver();
  }

  /** Whether whoever reads must call `makeRoom` before it pushes more. */
  get isFull(): boolean {
    return this.underWay.length > this.checker.maxBatches;
  }

  /** Waits until it is no more full. Gives the first fault if it is found by then. Rejects when a signature could not be checked. */
  async makeRoom(): Promise<ChainFault | undefined> {
    while (!this.fault && this.isFull) await this.settleOldest();
    return this.fault;
  }

  /** Waits for all signatures. Gives the first fault, if there is one. Rejects when a signature could not be checked. */
  async settle(): Promise<ChainFault | undefined> {
    if (this.checks.length > 0) this.handOver();
    while (!this.fault && this.underWay.length > 0) await this.settleOldest();
    return this.fault;
  }

  private handOver(): void {
    const { checks, faults } = this;
    const firstWrong = this.checker.check(checks);
    // It is waited for later, in its turn, and its rejection is heard then.
    firstWrong.catch(() => undefined);
    this.underWay.push({ faults, firstWrong });
    this.checks = [];
    this.faults = [];
    this.sizeBytes = 0;
  }

  private async settleOldest(): Promise<void> {
    const [oldest] = this.underWay;
    if (!oldest) return;
    // It stays in the queue if this rejects: what was never checked is never passed over.
    const wrong = await oldest.firstWrong;
    // Another call may have waited for the same batch.
    if (this.underWay[0] !== oldest) return;
    this.underWay.shift();
    if (wrong === undefined) return;
    const fault = oldest.faults[wrong];
    if (!fault) throw new Error(`a batch of ${oldest.faults.length} signatures has none at ${wrong}`);
    this.fault = fault;
    // Whatever is behind it does not count any more.
    this.underWay.length = 0;
  }
}
