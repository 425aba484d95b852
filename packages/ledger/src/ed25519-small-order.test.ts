// Points of small order: all eight, held against arithmetic, and nothing that differs from one in a bit.

import { describe, expect, it } from 'vitest';
import { concat, toHex } from './bytes.ts';
import { hasSmallOrder } from './ed25519-small-order.ts';
import { torsionEncodings } from './testing/ed25519-torsion.ts';

describe('hasSmallOrder', () => {
  it('knows the eight points, with either sign, alone or at the head of a signature', () => {
    for (const point of torsionEncodings()) {
      for (const sign of [0, 0x80]) {
        const encoding = point.with(31, (point[31] ?? 0) ^ sign);
        expect(hasSmallOrder(encoding), toHex(encoding)).toBe(true);
        expect(hasSmallOrder(concat(encoding, new Uint8Array(32).fill(7)))).toBe(true);
      }
    }
  });

  it('takes nothing for one that differs in another bit than the sign, is shorter, or stands elsewhere', () => {
    const unsigned = (point: Uint8Array) => toHex(point.with(31, (point[31] ?? 0) & 0x7f));
    const known = new Set(torsionEncodings().map(unsigned));
    let others = 0;
    for (const point of torsionEncodings()) {
      for (let bit = 0; bit < 255; bit++) {
        const other = point.with(bit >> 3, (point[bit >> 3] ?? 0) ^ (1 << (bit & 7)));
        // y = 0 and y = 1 are neighbours.
        if (known.has(unsigned(other))) continue;
        others++;
        expect(hasSmallOrder(other), toHex(other)).toBe(false);
      }
      expect(hasSmallOrder(point.subarray(0, 31))).toBe(false);
      expect(hasSmallOrder(concat(new Uint8Array(32).fill(7), point))).toBe(false);
    }
    expect(others).toBeGreaterThan(2000);
  });
});
