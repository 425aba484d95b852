// Arcs as ranges: they hold exactly the keys that the owner of the arc owns, whatever wraps.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type NodeId, nodeIdOf, owns } from '../node-id.ts';
import { isInRanges, rangeOfPrefix, rangesOf } from './key-range.ts';

/** Keys that are often neighbours of each other and of the ends of the circle. */
const keys = fc
  .tuple(fc.constantFrom(0, 1, 127, 128, 255), fc.constantFrom(0, 1, 254, 255))
  .map(([first, last]): NodeId => {
    const bytes = new Uint8Array(32).fill(first);
    bytes[31] = last;
    return nodeIdOf(bytes);
  });

describe('the ranges of an arc', () => {
  it('hold exactly the keys of the arc', () => {
    fc.assert(
      fc.property(keys, keys, keys, (after, until, key) => {
        expect(isInRanges(rangesOf({ after, until }), key)).toBe(owns({ predecessor: after, self: until }, key));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are parted by prefixes without a gap or an overlap', () => {
    fc.assert(
      fc.property(keys, keys, keys, (after, until, key) => {
        const holding = Array.from('0123456789abcdef').filter((digit) =>
          isInRanges(rangesOf({ after, until }, digit), key),
        );
        expect(holding.length).toBe(isInRanges(rangesOf({ after, until }), key) ? 1 : 0);
      }),
    );
  });

  it('hold one key at the full depth', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(rangeOfPrefix(key)).toEqual({ first: key, last: key });
      }),
    );
  });
});
