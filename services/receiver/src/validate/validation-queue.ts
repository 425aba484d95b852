// Validations one after the other, for a few callers: each keeps every core busy. Each begins after its caller asked, so that it sees what
// the caller wants checked; one that nobody waits for any more ends, or never begins.

import { ReceiverError } from '../errors.ts';
import type { ValidationReport } from './validate-chain.ts';

/** Callers that wait for their own validation, the one under way included. A guess. */
const MAX_CALLERS = 4;

interface Caller {
  readonly signal: AbortSignal;
  /** Its place goes to the next one. */
  readonly leave: () => void;
  readonly resolve: (report: ValidationReport) => void;
  readonly reject: (reason: unknown) => void;
}

export class ValidationQueue {
  private readonly validate: (signal: AbortSignal) => Promise<ValidationReport>;
  private readonly stopping = new AbortController();
  private readonly waiting = new Set<Caller>();
  private working: Promise<void> | undefined;

  /** `validate` must end soon after its signal aborts. */
  constructor(validate: (signal: AbortSignal) => Promise<ValidationReport>) {
    this.validate = validate;
  }

  /**
   * Runs a validation for a caller. Throws ReceiverError `overloaded` when too many wait and `stopping` once the receiver stops;
   * rejects with the reason of `gone` once that aborts.
   */
  async run(gone: AbortSignal): Promise<ValidationReport> {
    const signal = AbortSignal.any([gone, this.stopping.signal]);
    signal.throwIfAborted();
    if (this.waiting.size + (this.working ? 1 : 0) >= MAX_CALLERS) {
      throw new ReceiverError('overloaded', 'the chain is being validated for others; ask again soon');
    }
    const { promise, resolve, reject } = Promise.withResolvers<ValidationReport>();
    const leave = () => {
      this.waiting.delete(caller);
      reject(signal.reason);
    };
    const caller: Caller = { signal, leave, resolve, reject };
    this.waiting.add(caller);
    signal.addEventListener('abort', leave, { once: true });
    this.working ??= this.work();
    return promise;
  }

  /** Refuses all callers, ends the validation under way and waits for its end. */
  async stop(): Promise<void> {
    this.stopping.abort(new ReceiverError('stopping', 'the receiver is stopping; ask again soon'));
    await this.working;
  }

  /** For as long as anybody waits. Never rejects. */
  private async work(): Promise<void> {
    // A set is walked in the order of coming, with those who come meanwhile and without those who leave.
    for (const caller of this.waiting) {
      this.waiting.delete(caller);
      const { signal, leave, resolve, reject } = caller;
      // From here on the validation hears the signal itself. A listener that stayed would be kept for as long as the receiver runs.
      signal.removeEventListener('abort', leave);
      await this.validate(signal).then(resolve, reject);
    }
    this.working = undefined;
  }
}
