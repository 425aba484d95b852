// The kernel against node:crypto and against the ledger's plain search, at every lane and edge.

import { createHash } from 'node:crypto';
import { HEADER_BYTES, NONCE_OFFSET, searchNonce } from '@telltale/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadKernel, nonceSearch, plainSearch } from './nonce-search.ts';

const kernel = loadKernel();
const { search } = nonceSearch(kernel);
const headers = fc.uint8Array({ minLength: HEADER_BYTES, maxLength: HEADER_BYTES });

/** Leading zero bits of the hash that the header has with this nonce, as node:crypto gives it; up to 32. */
function zeroBits(header: Uint8Array, nonce: number): number {
  const bytes = Buffer.from(header);
  bytes.writeBigUInt64BE(BigInt(nonce), NONCE_OFFSET);
  return Math.clz32(createHash('sha256').update(bytes).digest().readUInt32BE(0));
}

/** Holds the kernel to every single nonce of a range: it has as many zero bits as node:crypto says, and no more. */
function expectEachNonce(header: Uint8Array, range: { firstNonce: number; endNonce: number }): void {
  for (let nonce = range.firstNonce; nonce < range.endNonce; nonce++) {
    const difficultyBits = zeroBits(header, nonce);
    const one = { firstNonce: nonce, endNonce: nonce + 1 };
    expect(search(header, { ...one, difficultyBits })).toBe(nonce);
    expect(search(header, { ...one, difficultyBits: difficultyBits + 1 })).toBeUndefined();
  }
}

/** The nonces of a range that have at least these zero bits, found one after the other. */
function allOf(find: typeof searchNonce, header: Uint8Array, range: Parameters<typeof searchNonce>[1]): number[] {
  const found: number[] = [];
  for (let firstNonce = range.firstNonce; ; ) {
    const nonce = find(header, { ...range, firstNonce });
    if (nonce === undefined) return found;
    found.push(nonce);
    firstNonce = nonce + 1;
  }
}

/** Of a header of ones: its hash has 32 zero bits and no 40. Found by searching all nonces. */
const FITS_32 = 1_238_949_503;

describe('the kernel', () => {
  it('runs here', () => {
    expect(kernel).toBeInstanceOf(WebAssembly.Module);
    expect(search).not.toBe(plainSearch.search);
  });

  it('agrees with node:crypto on every nonce of random headers', () => {
    const at = fc.integer({ min: 0, max: 2 ** 32 - 20 });
    fc.assert(
      fc.property(headers, at, (header, firstNonce) =>
        expectEachNonce(header, { firstNonce, endNonce: firstNonce + 20 }),
      ),
      {
        numRuns: 40,
      },
    );
  });

  it.each([0, 2 ** 31 - 10, 2 ** 32 - 20])('agrees with node:crypto on the nonces from %i on', (firstNonce) => {
    const header = new Uint8Array(HEADER_BYTES).fill(0xa5);
    expectEachNonce(header, { firstNonce, endNonce: firstNonce + 20 });
  });

  it('finds exactly what the plain search finds, whatever the range and difficulty', () => {
    const ranges = fc.record({
      firstNonce: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 2 ** 32 - 2_000 })),
      length: fc.integer({ min: 0, max: 2_000 }),
      difficultyBits: fc.integer({ min: 0, max: 12 }),
    });
    fc.assert(
      fc.property(headers, ranges, (header, { firstNonce, length, difficultyBits }) => {
        const range = { firstNonce, endNonce: firstNonce + length, difficultyBits };
        expect(allOf(search, header, range)).toEqual(allOf(searchNonce, header, range));
      }),
      { numRuns: 60 },
    );
  });

  it.each([1, 3, 4, 5, 7, 8, 9, 15])('does not look past the end of a range of %i', (length) => {
    const header = new Uint8Array(HEADER_BYTES).fill(7);
    for (let firstNonce = 0; firstNonce < 2_000; firstNonce += length) {
      const range = { firstNonce, endNonce: firstNonce + length, difficultyBits: 5 };
      expect(search(header, range)).toBe(searchNonce(header, range));
    }
  });

  it('leaves the header at the nonce that it found, in a header that is part of a larger buffer', () => {
    const whole = Buffer.alloc(HEADER_BYTES + 64, 3);
    const header = whole.subarray(33, 33 + HEADER_BYTES);
    const nonce = search(header, { firstNonce: 0, endNonce: 2 ** 32, difficultyBits: 10 });
    expect(header.readBigUInt64BE(NONCE_OFFSET)).toBe(BigInt(nonce ?? -1));
    expect(createHash('sha256').update(header).digest().readUInt16BE(0) >> 6).toBe(0);
    expect(whole.subarray(0, 33).every((byte) => byte === 3)).toBe(true);
  });

  it('goes on after a nonce whose first word fits when the difficulty asks for more', () => {
    const header = new Uint8Array(HEADER_BYTES).fill(1);
    const range = { firstNonce: FITS_32 - 5, endNonce: FITS_32 + 100 };
    expect(search(header, { ...range, difficultyBits: 32 })).toBe(FITS_32);
    expect(search(header, { ...range, difficultyBits: 40 })).toBeUndefined();
  });

  it('refuses what is no header, and nonces past 2^32', () => {
    expect(() => search(new Uint8Array(115), { firstNonce: 0, endNonce: 1, difficultyBits: 0 })).toThrow(RangeError);
    const range = { firstNonce: 2 ** 32, endNonce: 2 ** 32 + 1, difficultyBits: 0 };
    expect(() => search(new Uint8Array(HEADER_BYTES), range)).toThrow(RangeError);
  });
});

describe('where WebAssembly SIMD is missing', () => {
  it('no kernel is loaded, and the plain search is used', () => {
    // A module with an instruction that no engine knows, as SIMD is to an old one.
    const unknown = Uint8Array.from([
      0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 5, 1, 3, 0, 0xfd, 0x7f,
    ]);
    expect(loadKernel(unknown)).toBeUndefined();
    expect(nonceSearch(undefined)).toBe(plainSearch);
  });
});
