// Proof of work: the golden nonces, found again, and the difficulty to the bit.

import { describe, expect, it } from 'vitest';
import { toHex } from './bytes.ts';
import { headerHash, NONCE_OFFSET } from './header.ts';
import { BITS_PER_DIFFICULTY, meetsDifficulty, searchNonce } from './proof-of-work.ts';
import { bytesOf, hashOf, readGolden } from './testing/golden.ts';

const { vectors } = readGolden();
const mined = vectors.blocks.slice(1);

describe('searchNonce', () => {
  it.each(mined.map((block) => [block.nonce ?? 0, block] as const))(
    'finds the golden nonce %i and none before it',
    (nonce, block) => {
      const header = bytesOf(block.header);
      header.fill(0, NONCE_OFFSET);
      const difficultyBits = BITS_PER_DIFFICULTY * (block.difficulty ?? 0);
      expect(searchNonce(header, { firstNonce: 0, endNonce: 1_000_000, difficultyBits })).toBe(nonce);
      expect(toHex(header)).toBe(block.header);
      expect(toHex(headerHash(header))).toBe(block.hash);
    },
  );

  it('looks at the nonces from the first to the one before the end, and at no others', () => {
    const [block] = mined;
    const header = bytesOf(block?.header ?? '');
    const nonce = block?.nonce ?? 0;
    const difficultyBits = 8;
    expect(searchNonce(header, { firstNonce: 0, endNonce: nonce, difficultyBits })).toBeUndefined();
    expect(searchNonce(header, { firstNonce: nonce, endNonce: nonce + 1, difficultyBits })).toBe(nonce);
    expect(searchNonce(header, { firstNonce: nonce, endNonce: nonce, difficultyBits })).toBeUndefined();
    expect(searchNonce(header, { firstNonce: 7, endNonce: 8, difficultyBits: 0 })).toBe(7);
  });

  it('writes nonces of 2^32 and more as 64-bit numbers', () => {
    const header = bytesOf(mined[0]?.header ?? '');
    const firstNonce = 3 * 2 ** 32 + 5;
    expect(searchNonce(header, { firstNonce, endNonce: firstNonce + 1, difficultyBits: 0 })).toBe(firstNonce);
    expect(toHex(header.subarray(NONCE_OFFSET))).toBe('0000000300000005');
  });

  it('throws for a header of another length', () => {
    const range = { firstNonce: 0, endNonce: 1, difficultyBits: 0 };
    expect(() => searchNonce(new Uint8Array(115), range)).toThrow(RangeError);
  });
});

describe('meetsDifficulty', () => {
  it('counts leading zero bits, to the bit', () => {
    for (let zeros = 0; zeros < 256; zeros++) {
      const binary = '0'.repeat(zeros) + '1'.repeat(256 - zeros);
      const hash = hashOf(BigInt(`0b${binary}`).toString(16).padStart(64, '0'));
      for (let bits = 0; bits <= 256; bits++) {
        if (meetsDifficulty(hash, bits) !== zeros >= bits) expect.fail(`${zeros} zeros, ${bits} bits`);
      }
    }
  });

  it('is met by no hash when more bits are asked than there are', () => {
    const zeros = hashOf('00'.repeat(32));
    expect(meetsDifficulty(zeros, 255)).toBe(true);
    for (const bits of [257, 1000, 2 ** 32 - 1]) expect(meetsDifficulty(zeros, bits)).toBe(false);
  });

  it('is met by the golden blocks at their own difficulty', () => {
    for (const block of mined) expect(meetsDifficulty(hashOf(block.hash), 4 * (block.difficulty ?? 0))).toBe(true);
  });
});
