// Group commit: requests that arrive while a transaction runs share the next one, and one receipt signature. It trades nothing for it:
// each request still hears only after its own readings are durable, and a request that the database refuses fails alone.

import { setImmediate as nextTurn } from 'node:timers/promises';
import { isRetryable } from '@telltale/database';
import { issueReceipts, type Receipt, type Signer } from '@telltale/ledger';
import pg from 'pg';
import { type ItemFault, ReceiverError } from '../errors.ts';
import type { Accepted } from './accept.ts';
import type { VerifiedReading } from './verified-reading.ts';

/** Readings in one transaction, unless a single request has more. Bounds how long the counter stays locked. A guess. */
const MAX_GROUP_READINGS = 2_000;
/**
 * Bytes of the readings' leaves in one transaction, unless a single request has more. Bounds the memory and the time of one INSERT. A guess:
 * about what 2,000 ordinary readings need, ten times over.
 */
const MAX_GROUP_BYTES = 4 * 1024 * 1024;
/**
 * Readings that wait for their transaction. Past it a request is told to come again: 503 with Retry-After. Their bytes are bounded where
 * requests come in (http/body-budget.ts); this bounds what each costs besides. A guess: some MB.
 */
const MAX_WAITING_READINGS = 20_000;

interface Waiting {
  readonly readings: readonly VerifiedReading[];
  readonly leavesBytes: number;
  readonly resolve: (receipts: Receipt[]) => void;
  readonly reject: (error: unknown) => void;
}

export interface GroupCommitContext {
  readonly accept: (requests: readonly (readonly VerifiedReading[])[]) => Promise<Accepted>;
  readonly origin: string;
  readonly sign: Signer;
  /** Receipts promise a place in a block this long after the commit; 0 promises nothing. */
  readonly sealPromiseMs: number;
  readonly nowUs: () => number;
  /** Hears of each commit that added readings. Must not throw. */
  readonly onAccepted: (accepted: Accepted) => void;
}

export class GroupCommit {
  private readonly context: GroupCommitContext;
  private queue: Waiting[] = [];
  private waitingReadings = 0;
  private running: Promise<void> | undefined;
  private isStopping = false;

  constructor(context: GroupCommitContext) {
    this.context = context;
  }

  /** Accepts the readings of one request, all or none, and gives a receipt for each, in order. */
  submit(readings: readonly VerifiedReading[]): Promise<Receipt[]> {
    if (this.isStopping)
      return Promise.reject(new ReceiverError('stopping', 'the receiver is stopping; send again soon'));
    if (this.waitingReadings > 0 && this.waitingReadings + readings.length > MAX_WAITING_READINGS) {
      return Promise.reject(new ReceiverError('overloaded', 'too many readings are waiting; send again soon'));
    }
    const result = new Promise<Receipt[]>((resolve, reject) => {
      this.queue.push({ readings, leavesBytes: leavesBytesOf(readings), resolve, reject });
      this.waitingReadings += readings.length;
    });
    // Not at once: other requests whose readings were verified in this turn of the event loop are about to submit theirs.
    this.running ??= Promise.resolve().then(() => this.run());
    return result;
  }

  /** Takes no more requests and waits for those that it has. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await this.running;
  }

  /** One transaction after the other, for as long as anybody waits. */
  private async run(): Promise<void> {
    while (this.queue.length > 0) {
      const group = this.takeGroup();
      await this.commit(group);
      for (const { readings } of group) this.waitingReadings -= readings.length;
      // Whatever has arrived by now, and only waits for the event loop, comes along: on a busy receiver that makes fewer, larger groups.
      await nextTurn();
    }
    this.running = undefined;
  }

  private takeGroup(): Waiting[] {
    let size = 0;
    let sizeBytes = 0;
    let count = 0;
    for (const { readings, leavesBytes } of this.queue) {
      size += readings.length;
      sizeBytes += leavesBytes;
      if (count > 0 && (size > MAX_GROUP_READINGS || sizeBytes > MAX_GROUP_BYTES)) break;
      count++;
    }
    return this.queue.splice(0, count);
  }

  private async commit(group: readonly Waiting[]): Promise<void> {
    try {
      const answers = await this.acceptAll(group.map((waiting) => waiting.readings));
      for (const [i, { resolve, reject }] of group.entries()) {
        const answer = answers[i];
        if (answer instanceof ReceiverError) reject(answer);
        else if (answer) resolve(answer);
      }
    } catch (error) {
      // If the database refuses what one request holds, that request fails alone and the others do not.
      if (group.length > 1 && isRefusal(error)) {
        for (const waiting of group) await this.commit([waiting]);
        return;
      }
      // Also an unknown outcome of COMMIT: the sender sends again, and the same message is the same transaction.
      const message = 'the readings could not be stored for certain; send them again soon';
      const failure = new ReceiverError('not-stored', message, { cause: error });
      for (const { reject } of group) reject(failure);
    }
  }

  /** For each request its receipts, or why it is refused. */
  private async acceptAll(requests: readonly (readonly VerifiedReading[])[]): Promise<(Receipt[] | ReceiverError)[]> {
    const { accept, origin, sign, sealPromiseMs, nowUs, onAccepted } = this.context;
    const accepted = await accept(requests).catch((error: unknown) => {
      if (isRetryable(error)) return accept(requests);
      throw error;
    });
    if (accepted.newReadings > 0) onAccepted(accepted);
    const sealByUs = sealPromiseMs === 0 ? 0 : nowUs() + sealPromiseMs * 1000;
    const entries = accepted.outcomes.flatMap((outcome) => ('entries' in outcome ? outcome.entries : []));
    // A signature over nothing helps nobody.
    const receipts = entries.length === 0 ? [] : issueReceipts({ origin, sealByUs, entries, sign });
    let at = 0;
    return accepted.outcomes.map((outcome) => {
      if ('faults' in outcome) return forbidden(outcome.faults);
      at += outcome.entries.length;
      return receipts.slice(at - outcome.entries.length, at);
    });
  }
}

/** The error for a request that holds readings whose keys may not speak for their devices. */
function forbidden(faults: readonly ItemFault[]): ReceiverError {
  const first = faults[0];
  return new ReceiverError('envelopes-forbidden', `item ${first?.position}: ${first?.message}`, { faults });
}

function leavesBytesOf(readings: readonly VerifiedReading[]): number {
  return readings.reduce((sum, { leaf }) => sum + leaf.length, 0);
}

/** PostgreSQL's word on the values themselves: data exception (22), integrity violation (23), program limit exceeded (54). */
function isRefusal(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^(22|23|54)/.test(error.code ?? '');
}
