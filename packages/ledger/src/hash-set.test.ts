// The set of hashes: every hash once, also where they share a slot, also as the table grows.

import { describe, expect, it } from 'vitest';
import { utf8 } from './bytes.ts';
import { asHash, sha256 } from './hash.ts';
import { HashSet } from './hash-set.ts';

describe('a set of hashes', () => {
  it('says of each hash once that it is new', () => {
    const set = new HashSet();
    const hashes = Array.from({ length: 20_000 }, (_, i) => sha256(utf8(`${i}`)));
    for (const hash of hashes) expect(set.add(hash)).toBe(true);
    for (const hash of hashes) expect(set.add(hash)).toBe(false);
    expect(set.size).toBe(hashes.length);
  });

  it('keeps hashes apart that begin alike and so share a slot', () => {
    const set = new HashSet();
    const alike = Array.from({ length: 600 }, (_, i) => asHash(new Uint8Array(32).with(14, i >> 8).with(13, i & 255)));
    for (const hash of alike) expect(set.add(hash)).toBe(true);
    for (const hash of alike) expect(set.add(hash)).toBe(false);
  });

  it('holds the hash of zeros', () => {
    const set = new HashSet();
    expect(set.add(asHash(new Uint8Array(32)))).toBe(true);
    expect(set.add(asHash(new Uint8Array(32)))).toBe(false);
  });
});
