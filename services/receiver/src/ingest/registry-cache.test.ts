// The registry cache: what it says only while the registry's version stands where it was seen.

import { describe, expect, it } from 'vitest';
import { pairName, RegistryCache } from './registry-cache.ts';

const pair = (keyByte: number, device: string) => pairName({ keyId: new Uint8Array(32).fill(keyByte), device });

function cacheAt(version: bigint): RegistryCache {
  const cache = new RegistryCache();
  cache.setVersion(version);
  return cache;
}

describe('RegistryCache', () => {
  it('knows pairs, not keys or devices alone', () => {
    const cache = cacheAt(7n);
    cache.learn([pair(1, 'a'), pair(2, 'b')], { found: 7n, left: 7n });
    expect(cache.has(pair(1, 'a'))).toBe(true);
    expect(cache.has(pair(1, 'b'))).toBe(false);
    expect(cache.has(pair(2, 'a'))).toBe(false);
  });

  it('forgets everything when the version is not the one that it left', () => {
    const cache = cacheAt(7n);
    cache.learn([pair(1, 'a')], { found: 7n, left: 9n });
    cache.setVersion(9n);
    expect(cache.has(pair(1, 'a'))).toBe(true);
    cache.setVersion(10n);
    expect(cache.has(pair(1, 'a'))).toBe(false);
  });

  it('learns nothing from a transaction that found another version', () => {
    const cache = cacheAt(7n);
    cache.setVersion(8n);
    cache.learn([pair(1, 'a')], { found: 7n, left: 8n });
    expect(cache.has(pair(1, 'a'))).toBe(false);
  });

  it('starts again when it is full', () => {
    const cache = cacheAt(0n);
    const many = Array.from({ length: 100_001 }, (_, i) => pair(1, String(i)));
    cache.learn(many, { found: 0n, left: 0n });
    expect(cache.has(pair(1, '0'))).toBe(false);
    expect(cache.has(pair(1, '100000'))).toBe(true);
  });
});
