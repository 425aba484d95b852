// The requests of ours on one socket that have no answer yet. Each ends exactly once.

import type { CallFailure, Message } from '../calls.ts';
import { CallFailed } from './call-failed.ts';
import type { CancelTimer, Clock } from './clock.ts';
import type { Frame } from './frame.ts';
import type { BytesFault, IncomingBytes } from './incoming-bytes.ts';

/** The kind of an answer that refuses. */
export const REFUSED = 'link.refused';
/** How many requests that timed out a socket remembers, to tell their late answers from what was never asked. A guess: seconds of traffic. */
const REMEMBERED = 1_024;

interface Call {
  readonly resolve: (reply: Message) => void;
  readonly reject: (error: CallFailed) => void;
  readonly cancel: CancelTimer;
  /** Its bytes are on the way; a second answer is not for it. */
  isAnswered: boolean;
}

export class OutgoingCalls {
  private readonly calls = new Map<number, Call>();
  private readonly timedOut = new Set<number>();
  private readonly clock: Clock;
  /** Told whenever a call has ended. */
  private readonly ended: () => void;

  constructor(options: { clock: Clock; ended: () => void }) {
    this.clock = options.clock;
    this.ended = options.ended;
  }

  get size(): number {
    return this.calls.size;
  }

  isWaiting(id: number): boolean {
    return this.calls.has(id);
  }

  /** Starts to wait for the answer to `id`. Rejects with CallFailed. */
  begin(call: { id: number; timeoutMs: number }): Promise<Message> {
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(call.timeoutMs, () => {
        this.timedOut.add(call.id);
        const oldest = this.timedOut.size > REMEMBERED ? this.timedOut.values().next().value : undefined;
        if (oldest !== undefined) this.timedOut.delete(oldest);
        this.fail(call.id, 'timeout', `no answer within ${call.timeoutMs} ms`);
      });
      this.calls.set(call.id, { resolve, reject, cancel, isAnswered: false });
    });
  }

  /** Takes an answer. What it is instead, if nobody waits for it: it is dropped then, with the bytes beside it. */
  answer(
    re: number,
    frame: Frame,
    incoming: IncomingBytes,
  ): 'late-answer' | 'unsolicited-answer' | 'too-many' | undefined {
    const call = this.calls.get(re);
    if (!call || call.isAnswered) {
      const isRoom = frame.size === undefined || incoming.expect({ id: frame.id, size: frame.size });
      if (!isRoom) return 'too-many';
      return this.timedOut.delete(re) ? 'late-answer' : 'unsolicited-answer';
    }
    if (frame.t === REFUSED) {
      this.fail(re, 'refused', 'the other node refused the request');
      return undefined;
    }
    const { t, body, size } = frame;
    if (size === undefined) {
      this.succeed(re, { t, body });
      return undefined;
    }
    call.isAnswered = true;
    const isRoom = incoming.expect({
      id: frame.id,
      size,
      wanted: {
        whole: (bytes, release) => {
          // From here on whoever asked holds them.
          release();
          this.succeed(re, { t, body, bytes });
        },
        dropped: (fault) => this.fail(re, failureOf(fault), `the bytes of the answer were dropped: ${fault}`),
      },
    });
    return isRoom ? undefined : 'too-many';
  }

  fail(id: number, why: CallFailure, message: string): void {
    this.take(id)?.reject(new CallFailed(why, message));
    this.ended();
  }

  /** The socket is no more. */
  failAll(): void {
    for (const id of [...this.calls.keys()]) this.fail(id, 'unreachable', 'the connection ended before the answer');
  }

  private succeed(id: number, reply: Message): void {
    this.take(id)?.resolve(reply);
    this.ended();
  }

  private take(id: number): Call | undefined {
    const call = this.calls.get(id);
    this.calls.delete(id);
    call?.cancel();
    return call;
  }
}

function failureOf(fault: BytesFault): CallFailure {
  return fault === 'bytes-stalled' || fault === 'stopped' ? 'timeout' : 'refused';
}
