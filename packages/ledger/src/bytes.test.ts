// Text forms of bytes, held against Buffer: one spelling for each byte string, and every other one refused.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  concat,
  decodeBase64,
  equalBytes,
  fromBase64,
  fromHex,
  fromUtf8,
  toBase64,
  toHex,
  utf8,
  viewOf,
} from './bytes.ts';

const BASE64_TEXT = fc.string({ unit: fc.constantFrom(...'ABab09+/=-_ \n\u00c1'), maxLength: 12 });
const HEX_TEXT = fc.string({ unit: fc.constantFrom(...'09afAFgx \n\u0660'), maxLength: 8 });

describe('hexadecimal', () => {
  it('is the lower-case text that Buffer writes, and reads back to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = toHex(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('hex'));
        expect(fromHex(text)).toEqual(bytes);
      }),
    );
  });

  it('reads a text only when that is the one spelling of its bytes', () => {
    fc.assert(
      fc.property(HEX_TEXT, (text) => {
        const canonical = Buffer.from(text, 'hex').toString('hex') === text;
        expect(fromHex(text) !== undefined).toBe(canonical);
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses upper case, odd lengths, prefixes and white space', () => {
    for (const text of ['A0', 'abc', '0x', 'a ', 'a0\n', '-1', 'g0']) expect(fromHex(text), text).toBeUndefined();
  });
});

describe('base64', () => {
  it('is the text that Buffer writes, and reads back to the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = toBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64'));
        expect(fromBase64(text)).toEqual(bytes);
      }),
    );
  });

  it('reads a text only when that is the one spelling of its bytes', () => {
    fc.assert(
      fc.property(BASE64_TEXT, (text) => {
        const canonical = Buffer.from(text, 'base64').toString('base64') === text;
        expect(fromBase64(text) !== undefined).toBe(canonical);
      }),
      { numRuns: 5000 },
    );
  });

  it('reads the vectors of RFC 4648 section 10', () => {
    const vectors = {
      '': '',
      f: 'Zg==',
      fo: 'Zm8=',
      foo: 'Zm9v',
      foob: 'Zm9vYg==',
      fooba: 'Zm9vYmE=',
      foobar: 'Zm9vYmFy',
    };
    for (const [plain, base64] of Object.entries(vectors)) {
      expect(toBase64(utf8(plain))).toBe(base64);
      expect(fromBase64(base64)).toEqual(utf8(plain));
    }
  });

  it('is decoded into a place of its own, and nothing beside it is touched', () => {
    const bytes = new Uint8Array(8).fill(7);
    expect(decodeBase64(utf8('Zm9v'), { bytes, at: 2 })).toBe(5);
    expect(bytes).toEqual(Uint8Array.of(7, 7, 0x66, 0x6f, 0x6f, 7, 7, 7));
    expect(decodeBase64(utf8('Zg=='), { bytes, at: 5 })).toBe(6);
    expect(decodeBase64(utf8(''), { bytes, at: 6 })).toBe(6);
    expect(decodeBase64(utf8('Zh=='), { bytes, at: 6 })).toBeUndefined();
  });

  it('refuses stray bits under the padding, missing padding, white space and the URL-safe alphabet', () => {
    for (const text of ['Zh==', 'Zm9=', 'Zg', 'Zg=', '====', 'A===', 'Z=g=', 'Zm9v\n', ' Zm9', '-_-_', 'Zg==Zg==']) {
      expect(fromBase64(text), text).toBeUndefined();
    }
  });
});

describe('UTF-8', () => {
  it('refuses overlong forms, surrogates and cut sequences', () => {
    for (const hex of ['c080', 'eda080', 'f4908080', 'e282', 'ff']) {
      expect(fromUtf8(Buffer.from(hex, 'hex')), hex).toBeUndefined();
    }
  });

  it('keeps a byte order mark as a character', () => {
    expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41))).toBe('\ufeffA');
  });

  it('reads back every well-formed text', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => fromUtf8(utf8(text)) === text));
  });
});

describe('byte strings', () => {
  it('are equal exactly when their hexadecimal is', () => {
    const bytes = fc.uint8Array({ maxLength: 3, max: 2 });
    fc.assert(fc.property(bytes, bytes, (a, b) => equalBytes(a, b) === (toHex(a) === toHex(b))));
  });

  it('stand one after another in a new array', () => {
    const first = Uint8Array.of(1, 2);
    const whole = concat(first, new Uint8Array(0), Uint8Array.of(3));
    whole[0] = 9;
    expect([...whole]).toEqual([9, 2, 3]);
    expect([...first]).toEqual([1, 2]);
  });

  it('are viewed from their own first byte, wherever it stands in memory', () => {
    expect(viewOf(Uint8Array.of(0xff, 0, 0, 0, 7, 0xff).subarray(1, 5)).getUint32(0)).toBe(7);
  });
});
