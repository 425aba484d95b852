// RFC 8785 as far as registry messages need it: the samples of the RFC, and properties.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CanonicalValue, canonicalJson } from './canonical-json.ts';

const { value: anyValue } = fc.letrec<{ value: CanonicalValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.string({ unit: 'binary' }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary', maxLength: 3 }), tie('value'), { maxKeys: 5 }),
  ),
}));

describe('canonicalJson', () => {
  it('writes the string of RFC 8785 section 3.2.2.2 as the RFC does', () => {
    const source = JSON.parse('"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/"');
    expect(canonicalJson(source)).toBe('"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
  });

  it('sorts the members of RFC 8785 section 3.2.3 by UTF-16 code units', () => {
    const members = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\u{1f600}': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(canonicalJson(members)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis",' +
        '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    );
  });

  it('reads back to the same value, and is the same whatever the order of members was', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(value);
        expect(canonicalJson(withMembersReversed(value))).toBe(text);
      }),
    );
  });

  it('keeps arrays in their order and writes no spaces', () => {
    expect(canonicalJson({ b: ['2', '1', []], a: {} })).toBe('{"a":{},"b":["2","1",[]]}');
  });

  it('throws for a lone surrogate in a value or a name', () => {
    expect(() => canonicalJson('\ud800')).toThrow(TypeError);
    expect(() => canonicalJson({ 'a\udc00': 'b' })).toThrow(TypeError);
  });
});

function withMembersReversed(value: CanonicalValue): CanonicalValue {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(withMembersReversed);
  const reversed = Object.entries(value).reverse();
  return Object.fromEntries(reversed.map(([name, member]) => [name, withMembersReversed(member)]));
}
