// The key cache: what it keeps, what it lets go, and that it never answers for a refused key.

import { describe, expect, it } from 'vitest';
import { makeDevice } from '../testing/test-device.ts';
import { KeyCache } from './key-cache.ts';

const { pem } = makeDevice();

function usable(cache: KeyCache, text: string): unknown {
  const key = cache.get(text);
  if (!key.ok) throw new Error(key.message);
  return key.value;
}

describe('KeyCache', () => {
  it('parses a key once while it is in use', () => {
    const cache = new KeyCache();
    expect(usable(cache, pem)).toBe(usable(cache, pem));
  });

  it('lets go of the key that was used longest ago when 10,000 others came', () => {
    const cache = new KeyCache();
    const spellings = Array.from({ length: 10_001 }, (_, i) => `${i}\n${pem}`);
    const [first, second, ...others] = spellings;
    if (first === undefined || second === undefined) throw new Error('there are no spellings');
    const kept = [usable(cache, first), usable(cache, second)];
    for (const [i, text] of others.entries()) {
      if (i === others.length - 1) expect(usable(cache, first)).toBe(kept[0]);
      usable(cache, text);
    }
    expect(usable(cache, first)).toBe(kept[0]);
    expect(usable(cache, second)).not.toBe(kept[1]);
  });

  it('does not keep a key with a long text around it', () => {
    const cache = new KeyCache();
    const long = `${'x'.repeat(2_048)}\n${pem}`;
    expect(usable(cache, long)).not.toBe(usable(cache, long));
  });

  it('refuses a bad key each time', () => {
    const cache = new KeyCache();
    for (let i = 0; i < 2; i++) expect(cache.get('garbage')).toMatchObject({ ok: false, code: 'key-not-pem' });
  });
});
