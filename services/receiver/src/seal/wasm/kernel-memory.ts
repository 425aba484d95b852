// What the kernel finds in its memory, which words of the second block's schedule depend on the nonce, and where the kernel keeps its own.
// Shared by the generator, which writes these addresses into the code, and by the one who fills them a header. Addresses are in bytes; each
// value stands four times, once for each lane of a vector.

import { BLOCK_WORDS, ROUNDS } from './sha256-words.ts';

/** Word of the second block that is searched: the low half of the nonce. The high half is zero. */
export const NONCE_WORD = 12;
/** Vectors that the kernel works on side by side. Two: with one it waits for results, with three its code outgrows the cache. Measured. */
export const VECTORS = 2;
export const VECTOR_BYTES = 16;
export const LANES = 4;

/** First round of the kernel's loop: from here on it takes every term of a word from its memory, and only word 24 of those is constant. */
export const LOOP_ROUND = 40;

/** For each word of the schedule, whether it is the same for every nonce. */
export const IS_CONSTANT: readonly boolean[] = constantWords();

/** K, plus the word itself where it is constant, plus the first word of the state before the block in the last round. */
export const roundTermAt = (t: number): number => VECTOR_BYTES * t;
/** The sum of the constant terms of a word that is not constant. */
export const wordTermAt = (t: number): number => VECTOR_BYTES * (ROUNDS + t);
/** State after the nonce's round for nonce 0, a to h. The nonce itself is added to a and e. */
export const stateAt = (i: number): number => VECTOR_BYTES * (2 * ROUNDS + i);
/** Words of the schedule, as far as they are needed later: the kernel's own, but for the constant one that its loop reads. */
export const wordAt = (t: number, vector: number): number => VECTOR_BYTES * (3 * ROUNDS + t * VECTORS + vector);

function constantWords(): boolean[] {
  const isConstant = Array.from({ length: BLOCK_WORDS }, (_, t) => t !== NONCE_WORD);
  for (let t = BLOCK_WORDS; t < ROUNDS; t++) {
    isConstant.push([2, 7, 15, 16].every((distance) => isConstant[t - distance]));
  }
  return isConstant;
}
