// Puts together the bytes that come beside messages, several messages at a time. Bounded for one message, for all peers together
// (byte-budget.ts), and in time; bytes of a message that nobody wants are read past.

import type { ByteBudget, ByteShare } from './byte-budget.ts';
import type { CancelTimer, Clock } from './clock.ts';
import type { Refusal } from './counters.ts';
import { CHUNK_BYTES, type Chunk } from './frame.ts';

/** Why bytes were dropped; `stopped`: their sender gave up. */
export type BytesFault = Extract<Refusal, 'bytes-too-many' | 'bytes-over-budget' | 'bytes-stalled'> | 'stopped';

/** Whoever waits for the bytes of one message. One of the two is called, once, unless the socket ends. */
export interface BytesWanted {
  /** `release` gives the bytes back to the budget: when they are no longer held. */
  readonly whole: (bytes: Uint8Array, release: () => void) => void;
  readonly dropped: (fault: BytesFault) => void;
}

interface Assembly {
  remaining: number;
  /** Undefined: the rest is read past. */
  wanted: BytesWanted | undefined;
  readonly parts: Uint8Array[];
  readonly share: ByteShare;
  cancel: CancelTimer;
}

/** Messages of one socket that may be unfinished at once; more than its peer may have asked or answered, with room for what is read past. */
const MAX_ASSEMBLIES = 1_024;

/** The unfinished messages of one socket. */
export class IncomingBytes {
  private readonly assemblies = new Map<number, Assembly>();
  private readonly budget: ByteBudget;
  private readonly clock: Clock;
  private readonly limits: { readonly messageBytes: number; readonly stalledBytesMs: number };

  constructor(options: {
    budget: ByteBudget;
    clock: Clock;
    limits: { readonly messageBytes: number; readonly stalledBytesMs: number };
  }) {
    this.budget = options.budget;
    this.clock = options.clock;
    this.limits = options.limits;
  }

  /** Expects the bytes of the message whose frame had this id. Without `wanted` they are read past. False: too many messages at once. */
  expect(message: { id: number; size: number; wanted?: BytesWanted }): boolean {
    const { id, size, wanted } = message;
    if (this.assemblies.size >= MAX_ASSEMBLIES) return false;
    if (size === 0) {
      wanted?.whole(new Uint8Array(0), () => undefined);
      return true;
    }
    const assembly: Assembly = {
      remaining: size,
      wanted,
      parts: [],
      share: this.budget.share(),
      cancel: () => undefined,
    };
    this.assemblies.set(id, assembly);
    if (size > this.limits.messageBytes) this.drop(assembly, 'bytes-too-many');
    else this.watch(assembly);
    return true;
  }

  /** False: a chunk that nothing announced, or of the wrong length. */
  chunk(chunk: Chunk): boolean {
    const assembly = this.assemblies.get(chunk.id);
    if (!assembly || chunk.bytes.length !== Math.min(CHUNK_BYTES, assembly.remaining)) return false;
    assembly.remaining -= chunk.bytes.length;
    if (assembly.wanted) {
      if (assembly.share.grow(chunk.bytes.length)) assembly.parts.push(chunk.bytes);
      else this.drop(assembly, 'bytes-over-budget');
    }
    if (assembly.remaining > 0) {
      if (assembly.wanted) this.watch(assembly);
      return true;
    }
    this.assemblies.delete(chunk.id);
    assembly.cancel();
    assembly.wanted?.whole(Buffer.concat(assembly.parts), assembly.share.release);
    return true;
  }

  /** The sender sends no more of this message. */
  stopped(id: number): void {
    const assembly = this.assemblies.get(id);
    this.assemblies.delete(id);
    if (assembly) this.drop(assembly, 'stopped');
  }

  /** The socket ended. */
  clear(): void {
    for (const id of [...this.assemblies.keys()]) this.stopped(id);
  }

  private watch(assembly: Assembly): void {
    assembly.cancel();
    assembly.cancel = this.clock.after(this.limits.stalledBytesMs, () => this.drop(assembly, 'bytes-stalled'));
  }

  private drop(assembly: Assembly, fault: BytesFault): void {
    assembly.cancel();
    assembly.parts.length = 0;
    assembly.share.release();
    const wanted = assembly.wanted;
    assembly.wanted = undefined;
    wanted?.dropped(fault);
  }
}
