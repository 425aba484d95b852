// Addresses of the explorer's pages.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hrefOf, parseRoute, type Route } from './route.ts';

const hash = 'ab'.repeat(32);

describe('an address', () => {
  it.each<[string, Route]>([
    ['', { kind: 'overview' }],
    ['#', { kind: 'overview' }],
    ['#/', { kind: 'overview' }],
    ['#/devices', { kind: 'devices' }],
    ['#/verify', { kind: 'verify' }],
    ['#/ring', { kind: 'ring' }],
    ['#/block/0', { kind: 'block', block: '0' }],
    [`#/block/${hash}`, { kind: 'block', block: hash }],
    [`#/reading/${hash}`, { kind: 'reading', transactionId: hash }],
    ['#/device/Raspberry%20Pi%201', { kind: 'device', device: 'Raspberry Pi 1' }],
    ['#/search/a%2Fb', { kind: 'search', query: 'a/b' }],
  ])('%s names its page', (address, route) => {
    expect(parseRoute(address)).toEqual(route);
  });

  it.each([
    '#/nothing',
    '#/device',
    '#/block/',
    '#/block/-1',
    '#/block/01',
    '#/block/abc',
    `#/reading/${hash.toUpperCase()}`,
    '#/reading/12',
    '#/devices/more',
    '#/device/%',
  ])('%s is no page', (address) => {
    expect(parseRoute(address)).toEqual({ kind: 'unknown' });
  });

  it('leads back to its page, whatever a device is called or somebody searches for', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 });
    fc.assert(
      fc.property(text, (value) => {
        expect(parseRoute(hrefOf({ kind: 'device', device: value }))).toEqual({ kind: 'device', device: value });
        expect(parseRoute(hrefOf({ kind: 'search', query: value }))).toEqual({ kind: 'search', query: value });
      }),
    );
  });
});
