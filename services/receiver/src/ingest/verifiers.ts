// Turns bodies into verified readings. Checking signatures is most of the receiver's work, so threads do it, one for each core, and the event
// loop goes on; but a few small bodies are sooner checked than sent to a thread. A thread takes what waits as one message.

import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { type ItemFault, ReceiverError, type ReceiverErrorCode } from '../errors.ts';
import { KeyCache } from './key-cache.ts';
import { nameReading, type PackedReadings, unpackReadings, type VerifiedReading } from './verified-reading.ts';
import { verifyBody } from './verify-body.ts';

/** What crosses to a thread: bodies one behind the other, each up to its end. */
export interface BodiesToVerify {
  readonly bytes: ArrayBuffer;
  readonly ends: readonly number[];
}

/** What comes back: an outcome for each body, and the readings of all that were verified, in order. */
export interface VerifiedBodies {
  readonly outcomes: readonly (
    | { readonly kind: 'verified'; readonly readings: number }
    | {
        readonly kind: 'refused';
        readonly code: ReceiverErrorCode;
        readonly message: string;
        readonly faults: readonly ItemFault[];
      }
  )[];
  readonly packed: PackedReadings;
}

/**
 * Bytes of bodies in one message, unless one body is longer. Bounds how long a small body waits behind others: about 40 readings, 3 ms. A guess.
 */
const MESSAGE_BYTES = 16 * 1024;
/**
 * Bytes of bodies for which one more thread is woken while others work on no more than a message: about seven readings. A trip to a thread and back
 * costs about as much CPU as half a check, and bodies that wait for the message under way wait 3 ms at most. A guess.
 */
const WAKING_BYTES = 4 * 1024;
/** V8's young generation in a thread, as small as the receiver's own (scripts/service-process.ts): bodies die young and in any case. A guess. */
const YOUNG_GENERATION_MB = 3;

/** Length of a body up to which it may be checked here: about one reading. */
const SMALL_BYTES = 1024;
/**
 * Small bodies of one turn of the event loop that are checked here; those beyond go to the threads. A trip to a thread and back costs about half a check
 * and waits for a core, so a few are sooner done here (single readings took a fifth less CPU, measured), and more arrive in a turn only
 * when the event loop has too much to do. Bounds what a turn takes for it: about 1 ms. A guess.
 */
const SMALL_A_TURN = 16;

interface Job {
  readonly body: Uint8Array;
  readonly resolve: (readings: VerifiedReading[]) => void;
  readonly reject: (error: unknown) => void;
}

/** What a thread works on. The bodies may be empty by then, so their size stands beside them. */
interface Message {
  readonly jobs: readonly Job[];
  readonly sizeBytes: number;
}

export class Verifiers {
  private readonly entry: URL;
  private readonly maxEnvelopes: number;
  private readonly keys = new KeyCache();
  private readonly log: Pick<Logger, 'error'>;
  private readonly threads: number;
  private readonly workers = new Set<Worker>();
  private readonly idle: Worker[] = [];
  private readonly underWay = new Map<Worker, Message>();
  /** Of this turn, to be checked here. */
  private small: Job[] = [];
  private waiting: Job[] = [];
  private waitingBytes = 0;
  private isDue = false;
  private isStopped = false;

  /** Starts the threads. `entry`: what they run. */
  constructor(options: { threads: number; maxEnvelopes: number; log: Pick<Logger, 'error'>; entry?: URL }) {
    this.entry = options.entry ?? new URL('./verifiers-worker.ts', import.meta.url);
    this.maxEnvelopes = options.maxEnvelopes;
    this.log = options.log;
    this.threads = options.threads;
    while (this.workers.size < this.threads) this.idle.push(this.startThread());
  }

  /** The readings of a body, every signature checked. Takes the body's memory with it: it may be empty afterwards. Throws ReceiverError: as scanEnvelopes does, or `check-failed` when a thread dies of it. */
  verify(body: Uint8Array): Promise<VerifiedReading[]> {
    if (this.isStopped)
      return Promise.reject(new ReceiverError('stopping', 'the receiver is stopping; send again soon'));
    return new Promise((resolve, reject) => {
      if (body.length <= SMALL_BYTES && this.small.length < SMALL_A_TURN) {
        this.small.push({ body, resolve, reject });
      } else {
        this.waiting.push({ body, resolve, reject });
        this.waitingBytes += body.length;
      }
      // Bodies that came in the same turn of the event loop go together.
      if (this.isDue) return;
      this.isDue = true;
      setImmediate(() => {
        this.isDue = false;
        // The threads first: they work while this thread does.
        this.handOut();
        for (const job of this.small.splice(0)) this.verifyHere(job);
      });
    });
  }

  /** Ends the threads; whatever they worked on is refused. */
  async stop(): Promise<void> {
    this.isStopped = true;
    const stopped = new ReceiverError('stopping', 'the receiver is stopping; send again soon');
    for (const { reject } of [
      ...this.small,
      ...this.waiting,
      ...[...this.underWay.values()].flatMap(({ jobs }) => jobs),
    ])
      reject(stopped);
    this.small = [];
    this.waiting = [];
    this.underWay.clear();
    await Promise.all([...this.workers].map((worker) => worker.terminate()));
  }

  private startThread(): Worker {
    const worker = new Worker(this.entry, {
      workerData: { maxEnvelopes: this.maxEnvelopes },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    });
    this.workers.add(worker);
    worker.on('message', (verified: VerifiedBodies) => this.finish(worker, verified));
    worker.on('error', (err) => this.log.error({ err }, 'a thread that checks signatures failed'));
    worker.on('exit', () => this.forget(worker));
    return worker;
  }

  private handOut(): void {
    while (this.waiting.length > 0) {
      if (this.canWait()) return;
      // One that ended is replaced when it is needed, so that a thread that cannot start is not started for ever.
      const worker = this.idle.pop() ?? (this.workers.size < this.threads ? this.startThread() : undefined);
      if (!worker) return;
      const message = this.takeMessage();
      this.underWay.set(worker, message);
      const bodies = joinBodies(message.jobs.map(({ body }) => body));
      worker.postMessage(bodies, [bodies.bytes]);
    }
  }

  /** Whether what waits is better sent as one message with what comes meanwhile: whatever is under way ends with another `handOut`. */
  private canWait(): boolean {
    let underWayBytes = 0;
    for (const { sizeBytes } of this.underWay.values()) underWayBytes += sizeBytes;
    return this.underWay.size > 0 && underWayBytes <= MESSAGE_BYTES && this.waitingBytes < WAKING_BYTES;
  }

  private verifyHere({ body, resolve, reject }: Job): void {
    const { keys, maxEnvelopes } = this;
    try {
      resolve(verifyBody(body, { keys, maxEnvelopes }).map(nameReading));
    } catch (error) {
      reject(error);
    }
  }

  private takeMessage(): Message {
    let sizeBytes = 0;
    let count = 0;
    for (const { body } of this.waiting) {
      if (count > 0 && sizeBytes + body.length > MESSAGE_BYTES) break;
      sizeBytes += body.length;
      count++;
    }
    this.waitingBytes -= sizeBytes;
    return { jobs: this.waiting.splice(0, count), sizeBytes };
  }

  private finish(worker: Worker, { outcomes, packed }: VerifiedBodies): void {
    const { jobs } = this.underWay.get(worker) ?? { jobs: [] };
    this.underWay.delete(worker);
    this.idle.push(worker);
    this.handOut();
    const readings = unpackReadings(packed);
    let at = 0;
    for (const [i, { resolve, reject }] of jobs.entries()) {
      const outcome = outcomes[i];
      if (outcome?.kind === 'verified') {
        resolve(readings.slice(at, at + outcome.readings));
        at += outcome.readings;
      } else if (outcome) {
        reject(new ReceiverError(outcome.code, outcome.message, { faults: outcome.faults }));
      }
    }
  }

  /** A thread that ended takes what it worked on with it: those bodies are not tried again, one of them may be the cause. */
  private forget(worker: Worker): void {
    this.workers.delete(worker);
    const at = this.idle.indexOf(worker);
    if (at >= 0) this.idle.splice(at, 1);
    const lost = new ReceiverError('check-failed', 'the readings could not be checked; send them again soon');
    for (const { reject } of this.underWay.get(worker)?.jobs ?? []) reject(lost);
    this.underWay.delete(worker);
    if (!this.isStopped) this.handOut();
  }
}

/** A large body's memory changes hands, and is free here at once; small bodies share theirs with others and are copied. */
function joinBodies(bodies: readonly Uint8Array[]): BodiesToVerify {
  const [only] = bodies;
  if (only && bodies.length === 1 && only.buffer instanceof ArrayBuffer && only.length === only.buffer.byteLength) {
    return { bytes: only.buffer, ends: [only.length] };
  }
  const bytes = new Uint8Array(bodies.reduce((sum, body) => sum + body.length, 0));
  const ends: number[] = [];
  let at = 0;
  for (const body of bodies) {
    bytes.set(body, at);
    at += body.length;
    ends.push(at);
  }
  return { bytes: bytes.buffer, ends };
}
