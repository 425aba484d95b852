// Turns bodies into verified readings, and checks a log's signatures for whoever validates it. Checking signatures is most of the receiver's work, so threads do it, one for each core, and the event
// loop goes on; but a few small bodies are sooner checked than sent to a thread. A thread takes what waits as one message.

import type { SignatureCheck, SignatureChecker } from '@telltale/ledger';
import type { Logger } from 'pino';
import { ReceiverError } from '../errors.ts';
import { KeyCache } from './key-cache.ts';
import { nameReading, unpackReadings, type VerifiedReading } from './verified-reading.ts';
import { VerifierThread } from './verifier-thread.ts';
import type { BodiesToVerify, VerifiedBodies } from './verifiers-worker.ts';
import { verifyBody } from './verify-body.ts';

/**
 * Bytes of bodies in one message, unless one body is longer. Bounds how long a small body waits behind others: about 40 readings, 3 ms. A guess.
 */
const MESSAGE_BYTES = 16 * 1024;
/**
 * Bytes of bodies for which one more thread is woken while others work on no more than a message: about seven readings. A trip to a thread and back
 * costs about as much CPU as half a check, and bodies that wait for the message under way wait 3 ms at most. A guess.
 */
const WAKING_BYTES = 4 * 1024;
/**
 * Batches of a log's signatures that a thread has at most: about 10 ms of work, so that it goes on while whoever reads the log waits for a page of it.
 * Bodies that come meanwhile wait behind it: 17 ms at the median instead of 2 (measured once, at the lowest priority). A guess.
 */
const BATCHES_PER_THREAD = 4;

/** Length of a body up to which it may be checked here: about one reading. */
const SMALL_BYTES = 1024;
/**
 * Small bodies of one turn of the event loop that are checked here; those beyond go to the threads. A trip to a thread and back costs CPU and
 * waits for a core, so a few are sooner done here; more arrive in a turn only when the event loop has too much to do. What it saves in CPU did
 * not show over the noise (149 to 250 µs a reading against 189 to 260, four runs each, with no limit and with none here). Bounds what a turn takes
 * for it: about 1 ms, and 12 ms at the median, 18 at most, for arrays of three readings, each with a new key and a wrong signature (measured).
 * A guess.
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

export class Verifiers implements SignatureChecker {
  readonly maxBatches: number;
  private readonly entry: URL;
  private readonly maxEnvelopes: number;
  private readonly keys = new KeyCache();
  private readonly log: Pick<Logger, 'error'>;
  private readonly mostThreads: number;
  private readonly threads = new Set<VerifierThread>();
  /** Those that work on no bodies. */
  private readonly idle: VerifierThread[] = [];
  private readonly underWay = new Map<VerifierThread, Message>();
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
    this.mostThreads = options.threads;
    this.maxBatches = BATCHES_PER_THREAD * options.threads;
    while (this.threads.size < this.mostThreads) this.startThread();
  }

  /** The readings of a body, every signature checked. Takes the body's memory with it: it may be empty afterwards. Throws ReceiverError: as scanEnvelopes does, or `check-failed` when a thread dies of it. */
  verify(body: Uint8Array): Promise<VerifiedReading[]> {
    if (this.isStopped) return Promise.reject(stopping());
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

  /** A batch of a log's signatures, for whoever validates it: on the same threads, since more would only take memory. Rejects with ReceiverError. */
  check(batch: readonly SignatureCheck[]): Promise<number | undefined> {
    if (this.isStopped) return Promise.reject(stopping());
    const threads = [...this.threads].toSorted((a, b) => a.batches - b.batches);
    return (threads[0] ?? this.startThread()).check(batch);
  }

  /** Ends the threads; whatever they worked on is refused. */
  async stop(): Promise<void> {
    this.isStopped = true;
    for (const { reject } of [
      ...this.small,
      ...this.waiting,
      ...[...this.underWay.values()].flatMap(({ jobs }) => jobs),
    ])
      reject(stopping());
    this.small = [];
    this.waiting = [];
    this.underWay.clear();
    await Promise.all([...this.threads].map((thread) => thread.stop()));
  }

  /** It is idle. */
  private startThread(): VerifierThread {
    const thread = new VerifierThread({
      entry: this.entry,
      maxEnvelopes: this.maxEnvelopes,
      onError: (err) => this.log.error({ err }, 'a thread that checks signatures failed'),
      onEnd: () => this.forget(thread),
    });
    this.threads.add(thread);
    this.idle.push(thread);
    return thread;
  }

  private handOut(): void {
    while (this.waiting.length > 0) {
      if (this.canWait()) return;
      // One that ended is replaced when it is needed, so that a thread that cannot start is not started for ever.
      if (this.idle.length === 0 && this.threads.size < this.mostThreads) this.startThread();
      const thread = this.idle.pop();
      if (!thread) return;
      const message = this.takeMessage();
      this.underWay.set(thread, message);
      thread.verify(joinBodies(message.jobs.map(({ body }) => body))).then(
        (verified) => this.finish(thread, message, verified),
        // A thread that ended takes what it worked on with it: those bodies are not tried again, one of them may be the cause.
        (error) => {
          this.release(thread);
          for (const { reject } of message.jobs) reject(error);
        },
      );
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
      const checked = verifyBody(body, { keys, maxEnvelopes });
      // In memory of its own: a leaf is a piece of a slab of 64 kB that other requests filled, and would keep all of it while the database is slow.
      resolve(checked.map((reading) => nameReading({ ...reading, leaf: reading.leaf.slice() })));
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

  private finish(thread: VerifierThread, { jobs }: Message, { outcomes, packed }: VerifiedBodies): void {
    this.release(thread);
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

  /** It works on no bodies any more. Where the event loop was busy, its end is heard before this: then it gets no others. */
  private release(thread: VerifierThread): void {
    this.underWay.delete(thread);
    if (this.threads.has(thread)) this.idle.push(thread);
    if (!this.isStopped) this.handOut();
  }

  private forget(thread: VerifierThread): void {
    this.threads.delete(thread);
    this.underWay.delete(thread);
    const at = this.idle.indexOf(thread);
    if (at >= 0) this.idle.splice(at, 1);
    if (!this.isStopped) this.handOut();
  }
}

function stopping(): ReceiverError {
  return new ReceiverError('stopping', 'the receiver is stopping; send again soon');
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
