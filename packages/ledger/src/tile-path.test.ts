// Paths and entry bundles: the examples of C2SP tlog-tiles, the files of a real log, and every other spelling.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from './bytes.ts';
import { leafHash } from './leaf.ts';
import { readForeign } from './testing/foreign.ts';
import { decodeEntryBundle, encodeEntryBundle, formatTilePath, parseTilePath } from './tile-path.ts';

describe('a tile path', () => {
  it.each([
    // The index of C2SP tlog-tiles, and its example of a tree of 70,000.
    ['tile/0/x001/x234/067', { level: 0, index: 1_234_067 }],
    ['tile/0/273.p/112', { level: 0, index: 273, width: 112 }],
    ['tile/1/001.p/17', { level: 1, index: 1, width: 17 }],
    ['tile/2/000.p/1', { level: 2, index: 0, width: 1 }],
    ['tile/entries/273.p/112', { level: 'entries', index: 273, width: 112 }],
    ['tile/entries/x001/000', { level: 'entries', index: 1000 }],
    ['tile/63/999', { level: 63, index: 999 }],
  ] as const)('%s is written and read', (path, tile) => {
    expect(formatTilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual({ ok: true, value: { width: 256, ...tile } });
  });

  it('reads back for every tile', () => {
    const tiles = fc.record({
      level: fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 63 })),
      index: fc.maxSafeNat(),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(tiles, (tile) => {
        expect(parseTilePath(formatTilePath(tile))).toEqual({ ok: true, value: tile });
      }),
    );
  });

  it.each([
    '',
    '/tile/0/000',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/1000',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/x001',
    'tile/0/x001/x002',
    'tile/00/000',
    'tile/-1/000',
    'tile/64/000',
    'tile/entry/000',
    'tile/0/000.p/0',
    'tile/0/000.p/01',
    'tile/0/000.p/256',
    'tile/0/000.p/257',
    'tile/0/000.p/',
    'tile/0/000.p',
    'tile/0/000/',
    'tile/0/000\n',
    'tile/0/x009/x007/x199/x254/x740/992',
    '../tile/0/000',
  ])('is not %j', (path) => {
    expect(parseTilePath(path)).toMatchObject({ ok: false, code: 'tile-path' });
  });

  it('is not written for what is no tile', () => {
    for (const tile of [
      { level: 64 },
      { level: -1 },
      { level: 0.5 },
      { index: -1 },
      { index: 2 ** 53 },
      { width: 0 },
      { width: 257 },
    ]) {
      expect(() => formatTilePath({ level: 0, index: 0, ...tile })).toThrow(RangeError);
    }
  });
});

describe('an entry bundle', () => {
  it('of a real log holds the entries that its tile has the hashes of', () => {
    for (let width = 1; width <= 15; width++) {
      const bytes = readForeign(`tessera-log/${formatTilePath({ level: 'entries', index: 0, width })}`);
      const tile = readForeign(`tessera-log/${formatTilePath({ level: 0, index: 0, width })}`);
      const entries = decodeEntryBundle(bytes);
      if (!entries.ok) throw new Error(entries.message);
      expect(entries.value.map((entry) => toHex(leafHash(entry))).join('')).toBe(toHex(tile));
      expect(toHex(encodeEntryBundle(entries.value))).toBe(toHex(bytes));
    }
  });

  it('reads back, and not when a byte is missing or more', () => {
    const leaves = [new Uint8Array(0), new Uint8Array(1).fill(7), new Uint8Array(65_535)];
    const bytes = encodeEntryBundle(leaves);
    expect(bytes).toHaveLength(6 + 1 + 65_535);
    expect(decodeEntryBundle(bytes)).toEqual({ ok: true, value: leaves });
    for (const wrong of [bytes.subarray(0, -1), bytes.subarray(1), Uint8Array.of(...bytes, 0), new Uint8Array(0)]) {
      expect(decodeEntryBundle(wrong)).toMatchObject({ ok: false, code: 'entry-bundle' });
    }
  });

  it('has 1 to 256 leaves of at most 65,535 bytes', () => {
    const leaf = new Uint8Array(1);
    const full = Array.from({ length: 256 }, () => leaf);
    expect(decodeEntryBundle(encodeEntryBundle(full))).toMatchObject({ ok: true });
    expect(decodeEntryBundle(new Uint8Array(2 * 257))).toMatchObject({ ok: false });
    for (const wrong of [[], [...full, leaf], [new Uint8Array(65_536)]]) {
      expect(() => encodeEntryBundle(wrong)).toThrow(RangeError);
    }
  });
});
