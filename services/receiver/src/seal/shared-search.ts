// The search through one header's nonces by several threads, over shared memory: one leads and has the answer, the others help whenever it
// searches. Threads take slices in order from one counter and finish what they took, so the lowest nonce is found, as by one thread alone.

import { HEADER_BYTES } from '@telltale/ledger';
import type { HeaderSearch, SearchTask } from './header-search.ts';
import type { NonceSearch } from './wasm/nonce-search.ts';

/** Shared words of 32 bits, by index. */
const STOP = 0;
/** Counts the headers: helpers sleep on it. */
const TURN = 1;
/** Helpers inside the search under way; CLOSED between two. Nobody but the leader writes the header, and only while it is CLOSED. */
const INSIDE = 2;
const NEXT_SLICE = 3;
const DIFFICULTY_BITS = 4;
const CLOSED = -1;

const WORDS_BYTES = 32;
/** Shared words of 64 bits behind those: the limit, and the lowest nonce found. */
const LIMIT = 0;
const FOUND = 1;
const NONE = 2n ** 62n;
const HEADER_AT = WORDS_BYTES + 16;

export class SharedSearch {
  private readonly words: Int32Array;
  private readonly numbers: BigInt64Array;
  private readonly sharedHeader: Uint8Array;

  /** Memory for the threads of one miner. */
  static createMemory(): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(HEADER_AT + HEADER_BYTES);
    new Int32Array(memory)[INSIDE] = CLOSED;
    return memory;
  }

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory, 0, WORDS_BYTES / 4);
    this.numbers = new BigInt64Array(memory, WORDS_BYTES, 2);
    this.sharedHeader = new Uint8Array(memory, HEADER_AT, HEADER_BYTES);
  }

  /** Tells all threads to stop, or that they need not any more. Whoever owns the threads says so; it ends no thread. */
  setStopped(isStopped: boolean): void {
    Atomics.store(this.words, STOP, isStopped ? 1 : 0);
  }

  isStopped(): boolean {
    return Atomics.load(this.words, STOP) !== 0;
  }

  /** The leader's search. It returns when no helper is inside any more: within the time of one slice. */
  leader(own: NonceSearch): HeaderSearch {
    return (header, task) => {
      this.open(header, task);
      this.takeSlices(header, own);
      this.close();
      const nonce = Atomics.load(this.numbers, FOUND);
      if (nonce === NONE) return this.isStopped() ? 'stopped' : 'none';
      // The nonce is set, and checked once more, by searching it alone.
      const range = { firstNonce: Number(nonce), endNonce: Number(nonce) + 1, difficultyBits: task.difficultyBits };
      if (own.search(header, range) === undefined) throw new Error(`a helper found nonce ${nonce}, which does not fit`);
      return 'found';
    };
  }

  /** A helper's whole life: its thread ends by being terminated, which wakes it up. */
  help(own: NonceSearch): never {
    for (;;) {
      const turn = Atomics.load(this.words, TURN);
      if (this.enter()) {
        this.takeSlices(Uint8Array.from(this.sharedHeader), own);
        Atomics.sub(this.words, INSIDE, 1);
        Atomics.notify(this.words, INSIDE);
      }
      Atomics.wait(this.words, TURN, turn);
    }
  }

  private open(header: Uint8Array, { difficultyBits, nonceLimit }: SearchTask): void {
    this.sharedHeader.set(header);
    Atomics.store(this.words, NEXT_SLICE, 0);
    Atomics.store(this.words, DIFFICULTY_BITS, difficultyBits);
    Atomics.store(this.numbers, LIMIT, BigInt(nonceLimit));
    Atomics.store(this.numbers, FOUND, NONE);
    Atomics.store(this.words, INSIDE, 0);
    Atomics.add(this.words, TURN, 1);
    Atomics.notify(this.words, TURN);
  }

  private enter(): boolean {
    for (;;) {
      const inside = Atomics.load(this.words, INSIDE);
      if (inside === CLOSED) return false;
      if (Atomics.compareExchange(this.words, INSIDE, inside, inside + 1) === inside) return true;
    }
  }

  private close(): void {
    for (;;) {
      const inside = Atomics.compareExchange(this.words, INSIDE, 0, CLOSED);
      if (inside === 0) return;
      // A helper that died inside is never waited for: its miner ends the leader too.
      Atomics.wait(this.words, INSIDE, inside);
    }
  }

  /** A slice once taken is finished, even after another thread found a nonce: it may have a lower one. */
  private takeSlices(header: Uint8Array, { search, sliceNonces }: NonceSearch): void {
    const difficultyBits = Atomics.load(this.words, DIFFICULTY_BITS);
    const nonceLimit = Number(Atomics.load(this.numbers, LIMIT));
    while (!this.isStopped()) {
      const firstNonce = Atomics.add(this.words, NEXT_SLICE, 1) * sliceNonces;
      if (firstNonce >= nonceLimit || firstNonce > Number(Atomics.load(this.numbers, FOUND))) return;
      const endNonce = Math.min(firstNonce + sliceNonces, nonceLimit);
      const nonce = search(header, { firstNonce, endNonce, difficultyBits });
      if (nonce !== undefined) this.keepLowest(BigInt(nonce));
    }
  }

  private keepLowest(nonce: bigint): void {
    for (;;) {
      const lowest = Atomics.load(this.numbers, FOUND);
      if (lowest <= nonce || Atomics.compareExchange(this.numbers, FOUND, lowest, nonce) === lowest) return;
    }
  }
}
