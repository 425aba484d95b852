// Texts of US-ASCII bytes: the same whichever texts came before.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiText } from './ascii-text.ts';

describe('the text of ASCII bytes', () => {
  it('is theirs, whatever came before', () => {
    // Few characters and short texts: many of one sum, many of one length.
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'A', '\u0000', '~'), maxLength: 20 });
    fc.assert(
      fc.property(fc.array(text, { maxLength: 50 }), fc.nat({ max: 3 }), (texts, before) => {
        for (const expected of [...texts, ...texts]) {
          const bytes = Buffer.from(`${'x'.repeat(before)}${expected}y`);
          expect(asciiText(bytes, before, before + expected.length)).toBe(expected);
        }
      }),
    );
  });
});
