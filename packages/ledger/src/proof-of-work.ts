// Proof of work: a header whose hash begins with enough zero bits. Source: format.md "Block header".
// The plain search: one hash a nonce. It is the reference that any faster miner must agree with.

import { viewOf } from './bytes.ts';
import type { Hash } from './hash.ts';
import { HEADER_BYTES, headerHash, NONCE_OFFSET } from './header.ts';

/** DIFFICULTY counts zero digits of the hexadecimal hash, as liotbchain did; a header counts bits. */
export const BITS_PER_DIFFICULTY = 4;

/** Whether a hash begins with this many zero bits. */
export function meetsDifficulty(hash: Hash, difficultyBits: number): boolean {
  const wholeBytes = Math.floor(difficultyBits / 8);
  if (wholeBytes >= hash.length) return false;
  for (let i = 0; i < wholeBytes; i++) if (hash[i] !== 0) return false;
  return (hash[wholeBytes] ?? 0) >> (8 - (difficultyBits % 8)) === 0;
}

/**
 * Tries the nonces [firstNonce, endNonce) in order and gives the first that meets the difficulty, or undefined.
 * `header` is 116 bytes; the nonce in it is overwritten and left at the last one tried. Nonces are below 2^53.
 */
export function searchNonce(
  header: Uint8Array,
  range: { firstNonce: number; endNonce: number; difficultyBits: number },
): number | undefined {
  if (header.length !== HEADER_BYTES) throw new RangeError(`a header has ${HEADER_BYTES} bytes, not ${header.length}`);
  const view = viewOf(header);
  for (let nonce = range.firstNonce; nonce < range.endNonce; nonce++) {
    view.setUint32(NONCE_OFFSET, Math.floor(nonce / 2 ** 32));
    view.setUint32(NONCE_OFFSET + 4, nonce % 2 ** 32);
    if (meetsDifficulty(headerHash(header), range.difficultyBits)) return nonce;
  }
  return undefined;
}
