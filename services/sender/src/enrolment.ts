// Enrols the sender's key at the receiver before anything is delivered: shows the token, proves possession of the key, remembers that it
// was done. It sends no readings; delivery.ts waits for it. Source: format.md "Kinds 2 and 3".

import { equalBytes, possessionText } from '@telltale/ledger';
import type { Logger } from 'pino';
import { type Backoff, backoffMs } from './backoff.ts';
import type { EnrolmentClient, KnownKey, Step } from './enrolment-client.ts';
import type { EnrolmentStore } from './enrolment-store.ts';
import type { Signer, SigningKey } from './signer.ts';

/** Devices of one enrolment: the receiver takes no more, so that they fit a leaf. */
const DEVICES_PER_REQUEST = 100;

export type EnrolmentStatus = Readonly<{
  /** waiting: not tried yet, or the receiver is away. refused: it said no, and is asked again now and then. */
  state: 'waiting' | 'refused' | 'enrolled';
  devices: readonly string[];
  /** Tries in a row without success. */
  failures: number;
  /** Why it is not enrolled, for a person. */
  reason: string | undefined;
}>;

export type EnrolmentOptions = Readonly<{
  client: EnrolmentClient;
  enrolments: EnrolmentStore;
  signer: Signer;
  receiverUrl: string;
  /** All that the key is to speak for; none: only readings that name no device. */
  devices: readonly string[];
  /** The origin that the operator named; undefined: the receiver's word is taken. */
  origin: string | undefined;
  /** While the receiver is away. */
  backoff: Backoff;
  /** After a refusal. */
  refusalBackoff: Backoff;
  /** Rejects when the signal aborts. */
  delay: (ms: number, signal: AbortSignal) => Promise<unknown>;
  logger: Logger;
}>;

/** How the key stands in the receiver's registry. `missing`: it is unknown, or not enrolled for these devices. */
type Standing = { kind: 'enrolled' } | { kind: 'missing'; devices: readonly string[] } | { kind: 'revoked' };

export class Enrolment {
  readonly #options: EnrolmentOptions;
  #state: EnrolmentStatus['state'];
  #failures = 0;
  #reason: string | undefined;

  constructor(options: EnrolmentOptions) {
    this.#options = options;
    const remembered = options.enrolments.devicesOf(this.#key);
    const isEnrolled = remembered !== undefined && options.devices.every((device) => remembered.includes(device));
    this.#state = isEnrolled ? 'enrolled' : 'waiting';
  }

  status(): EnrolmentStatus {
    const { devices } = this.#options;
    return { state: this.#state, devices, failures: this.#failures, reason: this.#reason };
  }

  /** Whether this is the key that it enrols: a message may be older than the key of today. */
  isFor(key: SigningKey): boolean {
    return equalBytes(key.keyId, this.#key.keyId);
  }

  /** Tries until the key is enrolled, or the signal aborts. MUST NOT run twice at once. Settles at once when it is enrolled. */
  async untilEnrolled(signal: AbortSignal): Promise<void> {
    while (this.#state !== 'enrolled' && !signal.aborted) {
      const step = await this.#try(signal);
      if (signal.aborted) return;
      if (step.kind === 'done') {
        this.#settle();
        continue;
      }
      const waitMs = this.#waitAfter(step);
      try {
        await this.#options.delay(waitMs, signal);
      } catch (error) {
        // Only the signal ends a wait early; the loop sees it.
        if (!signal.aborted) throw error;
      }
    }
  }

  /**
   * The receiver refuses readings of this key as not enrolled: asks it whether the enrolment that is remembered still stands, for another
   * ledger may be behind its address now. Unless it does, or the receiver is away, the next `untilEnrolled` enrols again.
   * @returns `stands`: the refusal is about something else
   */
  async review(signal: AbortSignal): Promise<'stands' | 'lost' | 'unknown'> {
    const standing = await this.#standing(signal);
    if (standing.kind !== 'done') return 'unknown';
    // A revoked key is the receiver's last word: nothing is to be won by waiting.
    if (standing.value.kind !== 'missing') return 'stands';
    this.#options.enrolments.forget(this.#key);
    this.#state = 'waiting';
    this.#options.logger.warn({ missingDevices: standing.value.devices.length }, 'enrolment lost');
    return 'lost';
  }

  get #key() {
    return { receiverUrl: this.#options.receiverUrl, keyId: this.#options.signer.key.keyId };
  }

  async #try(signal: AbortSignal): Promise<Step<unknown>> {
    try {
      return await this.#enrol(signal);
    } catch (error) {
      // Most likely the file could not be written (a full disk, say). What the receiver enrolled it shows at the next try.
      this.#options.logger.error({ err: error }, 'enrolment failed');
      return { kind: 'later', reason: 'the enrolment cannot be signed or stored', retryAfterMs: undefined };
    }
  }

  /**
   * The receiver is asked first: after a crash or a lost answer the key may be enrolled and a one-time token spent. A crash between the
   * receiver's answer and `remember` is such a case.
   */
  async #enrol(signal: AbortSignal): Promise<Step<unknown>> {
    const before = await this.#standing(signal);
    if (before.kind !== 'done') return before;
    const refused = (reason: string): Step<never> => ({ kind: 'refused', reason });
    if (before.value.kind === 'revoked') return refused('the key was revoked: give the sender another KEY_FILE');
    if (before.value.kind === 'missing') {
      const done = await this.#request(before.value.devices, signal);
      if (done.kind === 'later') return done;
      // Whatever it was refused for: if the key stands now, somebody else has enrolled it.
      if (done.kind === 'refused') {
        const after = await this.#standing(signal);
        if (after.kind !== 'done' || after.value.kind !== 'enrolled') return done;
      }
    }
    this.#options.enrolments.remember(this.#key, this.#options.devices);
    return { kind: 'done', value: undefined };
  }

  async #request(devices: readonly string[], signal: AbortSignal): Promise<Step<unknown>> {
    const { client, signer } = this.#options;
    const origin = await this.#origin(signal);
    if (origin.kind !== 'done') return origin;
    // A key without devices is one request too.
    for (let start = 0; start === 0 || start < devices.length; start += DEVICES_PER_REQUEST) {
      const nonce = await client.fetchNonce(signal);
      if (nonce.kind !== 'done') return nonce;
      const text = possessionText({ origin: origin.value, keyId: signer.key.keyId, nonce: nonce.value });
      const possession = await signer.sign(text);
      const part = devices.slice(start, start + DEVICES_PER_REQUEST);
      const done = await client.enrol({ spki: signer.spki, devices: part, nonce: nonce.value, possession }, signal);
      if (done.kind !== 'done') return done;
    }
    return { kind: 'done', value: undefined };
  }

  /** The ledger that the key vouches for. A receiver that keeps another one than the operator named gets no signature. */
  async #origin(signal: AbortSignal): Promise<Step<string>> {
    const expected = this.#options.origin;
    const told = await this.#options.client.fetchOrigin(signal);
    if (told.kind !== 'done') return told;
    const origin = told.value ?? expected;
    if (origin === undefined) {
      return { kind: 'refused', reason: 'the receiver does not tell its ledger’s origin: set LEDGER_ORIGIN' };
    }
    if (expected === undefined || origin === expected) return { kind: 'done', value: origin };
    const names = `${JSON.stringify(origin)}, not ${JSON.stringify(expected)}`;
    return { kind: 'refused', reason: `the receiver keeps the ledger ${names}: check RECEIVER_URL and LEDGER_ORIGIN` };
  }

  async #standing(signal: AbortSignal): Promise<Step<Standing>> {
    const { client, devices } = this.#options;
    const found = await client.findKey(this.#key.keyId, signal);
    if (found.kind !== 'done') return found;
    return { kind: 'done', value: standingOf(found.value, devices) };
  }

  #settle(): void {
    this.#state = 'enrolled';
    this.#failures = 0;
    this.#reason = undefined;
    this.#options.logger.info({ devices: this.#options.devices.length }, 'key enrolled');
  }

  /** @returns milliseconds until the next try */
  #waitAfter(step: Exclude<Step<unknown>, { kind: 'done' }>): number {
    const { backoff, refusalBackoff, logger } = this.#options;
    const state = step.kind === 'refused' ? 'refused' : 'waiting';
    const isNews = this.#failures === 0 || state !== this.#state;
    this.#failures = isNews ? 1 : this.#failures + 1;
    this.#state = state;
    this.#reason = step.reason;
    const bounds = step.kind === 'refused' ? refusalBackoff : backoff;
    const askedMs = step.kind === 'later' ? step.retryAfterMs : undefined;
    // The base bounds a Retry-After of 0, so that a receiver cannot make this loop busy.
    const waitMs = askedMs === undefined ? backoffMs(bounds, this.#failures) : Math.max(askedMs, bounds.baseMs);
    const fields = { reason: step.reason, waitMs: Math.round(waitMs) };
    if (!isNews) logger.debug({ ...fields, failures: this.#failures }, 'enrolment tried again in vain');
    else if (state === 'refused') logger.error(fields, 'enrolment refused: readings wait');
    else logger.warn(fields, 'enrolment waits for the receiver: readings wait');
    return waitMs;
  }
}

function standingOf(key: KnownKey | undefined, devices: readonly string[]): Standing {
  if (key === undefined) return { kind: 'missing', devices };
  if (key.isRevoked) return { kind: 'revoked' };
  const missing = devices.filter((device) => !key.devices.has(device));
  return missing.length === 0 ? { kind: 'enrolled' } : { kind: 'missing', devices: missing };
}
