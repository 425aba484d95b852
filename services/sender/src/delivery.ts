// Takes messages from the outbox to the receiver: the oldest first, a batch at a time, until each has a receipt that was checked, was
// refused for good, or was given up (receipt-settlement.ts). It keeps no message in memory between two rounds; the outbox is the truth.

import type { Logger } from 'pino';
import { type Backoff, backoffMs } from './backoff.ts';
import type { Enrolment } from './enrolment.ts';
import { envelopeSizeBytes } from './envelope.ts';
import type { Outbox, OutboxMessage, Settlement } from './outbox.ts';
import type { ReceiptCheck } from './receipt-check.ts';
import { judgeReceipts } from './receipt-settlement.ts';
import type { ReceivedReceipt, ReceiverAnswer, Refusal } from './receiver-answer.ts';
import type { Transport } from './transport.ts';

/** Bytes of one request's body, unless a single message has more: below 1 MiB, a common default limit of servers. */
const REQUEST_LIMIT_BYTES = 1_000_000;

/** How long stop() lets a request under way finish before it is given up. Losing its answer costs one more sending. A guess. */
const STOP_GRACE_MS = 5_000;

/** The receiver's codes for a reading whose key, or its device, is in no leaf: what enrolling mends. */
const NOT_ENROLLED: readonly string[] = ['key-unknown', 'device-not-enrolled'];

export type DeliveryStatus = Readonly<{
  state: 'idle' | 'sending' | 'waiting' | 'stopped';
  /** Rounds in a row that brought no message further. */
  failures: number;
  lastError: { atUs: number; message: string } | undefined;
}>;

export type DeliveryOptions = Readonly<{
  outbox: Outbox;
  transport: Transport;
  checkReceipt: ReceiptCheck;
  /** Nothing is sent before it has enrolled the key. Undefined: the sender does not enrol. */
  enrolment: Enrolment | undefined;
  batchLimit: number;
  backoff: Backoff;
  /** Rejects when the signal aborts. */
  delay: (ms: number, signal: AbortSignal) => Promise<unknown>;
  nowUs: () => number;
  logger: Logger;
}>;

/** What one round did. Only `stuck` makes all messages wait; `postponed` kept messages back that had been postponed before. */
type Round =
  | { kind: 'empty' }
  | { kind: 'progress' }
  | { kind: 'postponed' }
  | { kind: 'stuck'; reason: string; retryAfterMs: number | undefined };

export class Delivery {
  readonly #options: DeliveryOptions;
  /** Ends waits at once. */
  readonly #stopping = new AbortController();
  /** Ends a request under way, after its grace. */
  readonly #abandoned = new AbortController();
  #running: Promise<void> = Promise.resolve();
  /** Postponed messages are kept back for now; fresh ones go on. Settles when that has ended. */
  #rest: Promise<void> = Promise.resolve();
  #isResting = false;
  #wake: () => void = () => undefined;
  /** Halved when a request is refused as a whole, doubled with each progress: finds one bad message in log2(batch) requests. */
  #batchLimit: number;
  #state: DeliveryStatus['state'] = 'idle';
  #failures = 0;
  #lastError: DeliveryStatus['lastError'];

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#batchLimit = options.batchLimit;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** New messages are in the outbox. Does not cut a back-off short. */
  wake(): void {
    this.#wake();
  }

  status(): DeliveryStatus {
    return { state: this.#state, failures: this.#failures, lastError: this.#lastError };
  }

  /** Settles when no request is under way and nothing more will be written; messages without a receipt stay in the outbox. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    const grace = setTimeout(() => this.#abandoned.abort(), STOP_GRACE_MS);
    await this.#running;
    await this.#rest;
    clearTimeout(grace);
    this.#state = 'stopped';
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#untilEnrolled();
      if (this.#stopping.signal.aborted) return;
      // Made before the outbox is read, so that a wake between reading and waiting is not missed.
      const { promise: woken, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      const round = await this.#tryRound();
      switch (round.kind) {
        case 'empty':
          this.#state = this.#isResting ? 'waiting' : 'idle';
          if (!this.#stopping.signal.aborted) await woken;
          break;
        case 'progress':
          this.#onProgress();
          break;
        case 'postponed':
          break;
        case 'stuck':
          await this.#waitAfterFailure(round);
          break;
        default:
          round satisfies never;
      }
    }
  }

  async #untilEnrolled(): Promise<void> {
    const { enrolment } = this.#options;
    if (enrolment === undefined || enrolment.status().state === 'enrolled') return;
    this.#state = 'waiting';
    await enrolment.untilEnrolled(this.#stopping.signal);
  }

  async #tryRound(): Promise<Round> {
    try {
      return await this.#round();
    } catch (error) {
      // The outbox could not be read or written (a full disk, say). What was sent is still there and is sent again.
      this.#options.logger.error({ err: error }, 'delivery round failed');
      return { kind: 'stuck', reason: 'the outbox cannot be read or written', retryAfterMs: undefined };
    }
  }

  async #round(): Promise<Round> {
    const { outbox, transport } = this.#options;
    const waiting = outbox.oldest({
      limit: this.#batchLimit,
      sizeBytes: REQUEST_LIMIT_BYTES,
      sizeOf: envelopeSizeBytes,
      isFreshOnly: this.#isResting,
    });
    if (waiting.length === 0) return { kind: 'empty' };
    this.#state = 'sending';
    const batch = transport.together(waiting);
    const answer = await transport.send({ messages: batch, signal: this.#abandoned.signal });
    return this.#settle(batch, answer);
  }

  async #settle(batch: readonly OutboxMessage[], answer: ReceiverAnswer): Promise<Round> {
    switch (answer.kind) {
      case 'accepted':
        return this.#settleReceipts(batch, answer.receipts);
      case 'refused':
        return this.#settleRefusals(batch, answer.refusals);
      case 'refused-whole': {
        const [only] = batch;
        if (only !== undefined && batch.length === 1) {
          return this.#bury([{ message: only, code: answer.code, reason: answer.reason }]);
        }
        this.#batchLimit = Math.floor(batch.length / 2);
        return this.#round();
      }
      case 'later':
        return { kind: 'stuck', reason: answer.reason, retryAfterMs: answer.retryAfterMs };
      default:
        return answer satisfies never;
    }
  }

  async #settleReceipts(batch: readonly OutboxMessage[], receipts: readonly ReceivedReceipt[]): Promise<Round> {
    const { outbox, checkReceipt, logger } = this.#options;
    const judged = await judgeReceipts({ batch, receipts, checkReceipt });
    const { fault, settlement, postponements } = judged;
    outbox.settle(settlement);
    if (fault === undefined) return { kind: 'progress' };

    const wrongReceipts = batch.length - settlement.receipted.length;
    const reason = `${wrongReceipts} of ${batch.length} receipts are wrong (${fault})`;
    this.#note(reason);
    if (judged.isFaultNew) logger.error({ wrongReceipts, code: fault }, 'wrong receipts');
    else logger.debug({ wrongReceipts, code: fault }, 'wrong receipts');
    const [letter] = settlement.refused;
    if (letter !== undefined) {
      logger.warn({ messages: settlement.refused.length, code: letter.code }, 'messages given up');
    }
    // No receipt can be trusted, not even those of fresh messages: the next ones would fare no better.
    if (!judged.hasProgress && judged.isFaultNew) return { kind: 'stuck', reason, retryAfterMs: undefined };
    if (postponements > 0) this.#startRest(postponements);
    return { kind: judged.hasProgress ? 'progress' : 'postponed' };
  }

  /** Refused for want of an enrolment that can still be made, messages are not at fault: none of them is buried. */
  async #settleRefusals(batch: readonly OutboxMessage[], refusals: readonly Refusal[]): Promise<Round> {
    const { enrolment } = this.#options;
    const refused = refusals.flatMap(({ position, code, reason }) => {
      const message = batch[position];
      return message === undefined ? [] : [{ message, code, reason }];
    });
    const isForEnrolment = refused.some(
      ({ message, code }) => NOT_ENROLLED.includes(code) && enrolment?.isFor(message.key) === true,
    );
    if (enrolment === undefined || !isForEnrolment) return this.#bury(refused);
    const standing = await enrolment.review(this.#abandoned.signal);
    if (standing === 'stands') return this.#bury(refused);
    const reason =
      standing === 'lost' ? 'the key has to be enrolled again' : 'the receiver does not say how the key stands';
    return { kind: 'stuck', reason, retryAfterMs: undefined };
  }

  #bury(refused: Settlement['refused']): Round {
    this.#options.outbox.settle({ receipted: [], refused, postponed: [], unmatched: [] });
    const [first] = refused;
    this.#note(`the receiver refused ${refused.length} messages: ${first?.reason}`);
    this.#options.logger.warn({ messages: refused.length, code: first?.code }, 'messages refused');
    return { kind: 'progress' };
  }

  #onProgress(): void {
    if (this.#failures > 0) this.#options.logger.info({ failures: this.#failures }, 'delivery goes on');
    this.#failures = 0;
    this.#batchLimit = Math.min(this.#batchLimit * 2, this.#options.batchLimit);
  }

  async #waitAfterFailure(round: { reason: string; retryAfterMs: number | undefined }): Promise<void> {
    const { backoff, logger } = this.#options;
    this.#failures += 1;
    this.#note(round.reason);
    // The base bounds a Retry-After of 0, so that a receiver cannot make this loop busy.
    const waitMs =
      round.retryAfterMs === undefined
        ? backoffMs(backoff, this.#failures)
        : Math.max(round.retryAfterMs, backoff.baseMs);
    const fields = { reason: round.reason, waitMs: Math.round(waitMs), failures: this.#failures };
    if (this.#failures === 1) logger.warn(fields, 'delivery waits');
    else logger.debug(fields, 'delivery waits');
    this.#state = 'waiting';
    await this.#wait(waitMs);
  }

  /** One rest at a time, for all messages that are postponed: longer with each try, so that what never matches costs little. */
  #startRest(postponements: number): void {
    if (this.#isResting) return;
    this.#isResting = true;
    this.#rest = this.#wait(backoffMs(this.#options.backoff, postponements)).then(() => {
      this.#isResting = false;
      this.#wake();
    });
  }

  async #wait(waitMs: number): Promise<void> {
    try {
      await this.#options.delay(waitMs, this.#stopping.signal);
    } catch (error) {
      // Only stop() ends a wait early; the loop sees it.
      if (!this.#stopping.signal.aborted) throw error;
    }
  }

  #note(message: string): void {
    this.#lastError = { atUs: this.#options.nowUs(), message };
  }
}
