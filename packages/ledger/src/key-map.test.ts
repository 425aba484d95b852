// A map from key ids: what a map from their texts would give, also where ids begin alike.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from './bytes.ts';
import { KeyMap } from './key-map.ts';
import { asKeyId } from './keys.ts';

describe('a map from key ids', () => {
  it('finds each value by its whole id, and lists them as they came', () => {
    const start = fc.constantFrom(0, 1, 0x80, 0xff);
    const id = fc.tuple(start, start, fc.constantFrom(0, 1)).map(([first, fourth, last]) => {
      const bytes = new Uint8Array(32);
      bytes[0] = first;
      bytes[3] = fourth;
      bytes[31] = last;
      return asKeyId(bytes);
    });
    const ids = fc.uniqueArray(id, { selector: toHex });
    fc.assert(
      fc.property(ids, fc.array(id), (added, asked) => {
        const map = new KeyMap<string>();
        for (const keyId of added) map.add(keyId, toHex(keyId));
        const known = added.map((keyId) => toHex(keyId));
        expect([...map.values()]).toEqual(known);
        for (const keyId of [...added, ...asked]) {
          expect(map.get(keyId)).toBe(known.includes(toHex(keyId)) ? toHex(keyId) : undefined);
        }
      }),
    );
  });
});
