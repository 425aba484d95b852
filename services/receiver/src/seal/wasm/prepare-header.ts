// Everything about a header that is the same for every nonce, laid out for the kernel: done once a header, in two microseconds.

import { HEADER_BYTES, NONCE_OFFSET } from '@telltale/ledger';
import {
  IS_CONSTANT,
  LANES,
  LOOP_ROUND,
  NONCE_WORD,
  roundTermAt,
  stateAt,
  VECTORS,
  wordAt,
  wordTermAt,
} from './kernel-memory.ts';
import {
  BLOCK_WORDS,
  compress,
  expandBlock,
  INITIAL_STATE,
  ROUND_CONSTANTS,
  ROUNDS,
  runRounds,
  smallSigma0,
  smallSigma1,
} from './sha256-words.ts';

const WORD_BYTES = 4;
/** Where the second block's words stop being the header's: the nonce and the padding. */
const HEADER_WORDS = (NONCE_OFFSET - WORD_BYTES * BLOCK_WORDS) / WORD_BYTES;
/** The nonce, its high half zero as every nonce is below 2^32; then the padding of section 5.1.1 with the length in bits. */
const BLOCK_END: readonly number[] = [0, 0, 0x8000_0000, 0, 8 * HEADER_BYTES];
const LAST_ROUND = ROUNDS - 1;

/** Gives the function that fills a kernel's memory for a header of 116 bytes; whatever nonce that has is not looked at. */
export function headerPreparation(memory: Uint32Array): (header: Uint8Array) => void {
  for (let t = 0; t < ROUNDS; t++) fill(memory, roundTermAt(t), ROUND_CONSTANTS[t] ?? 0);
  const words = new Uint32Array(ROUNDS);
  const before = new Uint32Array(INITIAL_STATE.length);
  const state = new Uint32Array(INITIAL_STATE.length);

  return (header) => {
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    for (let i = 0; i < BLOCK_WORDS; i++) words[i] = view.getUint32(WORD_BYTES * i);
    expandBlock(words);
    before.set(INITIAL_STATE);
    compress(before, words);
    // The kernel compares the first word of the hash: that of the state before plus that of the state after the last round.
    fill(memory, roundTermAt(LAST_ROUND), (ROUND_CONSTANTS[LAST_ROUND] ?? 0) + (before[0] ?? 0));

    for (let i = 0; i < HEADER_WORDS; i++) words[i] = view.getUint32(WORD_BYTES * (BLOCK_WORDS + i));
    words.set(BLOCK_END, HEADER_WORDS);
    state.set(before);
    // The rounds before the nonce, and its own with nonce 0.
    runRounds(state, words, NONCE_WORD + 1);
    for (let i = 0; i < state.length; i++) fill(memory, stateAt(i), state[i] ?? 0);
    fillTerms(memory, words);
  };
}

/** The constant words and constant terms of the second block's schedule. */
function fillTerms(memory: Uint32Array, words: Uint32Array): void {
  for (let t = NONCE_WORD + 1; t < LOOP_ROUND; t++) {
    if (t >= BLOCK_WORDS) words[t] = constantTerms(words, t);
    const word = words[t] ?? 0;
    if (!IS_CONSTANT[t]) {
      fill(memory, wordTermAt(t), word);
      continue;
    }
    fill(memory, roundTermAt(t), (ROUND_CONSTANTS[t] ?? 0) + word);
    if (t < LOOP_ROUND - BLOCK_WORDS) continue;
    for (let vector = 0; vector < VECTORS; vector++) fill(memory, wordAt(t, vector), word);
  }
}

/** The sum of word t's constant terms: for a constant word, the word. */
function constantTerms(words: Uint32Array, t: number): number {
  const constant = (i: number) => (IS_CONSTANT[i] ? (words[i] ?? 0) : 0);
  return smallSigma1(constant(t - 2)) + constant(t - 7) + smallSigma0(constant(t - 15)) + constant(t - 16);
}

/** One value in all lanes, of which the low 32 bits are kept. */
function fill(memory: Uint32Array, address: number, value: number): void {
  const start = address / WORD_BYTES;
  for (let lane = 0; lane < LANES; lane++) memory[start + lane] = value;
}
