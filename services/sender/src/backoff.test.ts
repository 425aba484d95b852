// Waits before another try, and what Retry-After may say.

import { describe, expect, it } from 'vitest';
import { backoffMs, retryAfterMs } from './backoff.ts';

describe('back-off', () => {
  it('doubles its ceiling with each failure up to the cap', () => {
    const backoff = { baseMs: 500, capMs: 60_000, random: () => 0.999_999 };
    const waits = [1, 2, 3, 8, 9, 5000].map((failures) => Math.round(backoffMs(backoff, failures)));
    expect(waits).toEqual([500, 1000, 2000, 60_000, 60_000, 60_000]);
  });

  it('never waits less than half its base, whatever chance says', () => {
    expect(backoffMs({ baseMs: 500, capMs: 60_000, random: () => 0 }, 7)).toBe(250);
  });
});

describe('Retry-After', () => {
  const nowMs = Date.parse('2026-01-02T03:04:05Z');

  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Fri, 02 Jan 2026 03:05:05 GMT', 60_000],
    ['Fri, 02 Jan 2026 03:00:00 GMT', 0],
    ['999999999', 3_600_000],
    ['soon', undefined],
    ['-1', undefined],
    ['2026-01-02', undefined],
    [null, undefined],
  ])('%s asks for %s milliseconds', (header, expected) => {
    expect(retryAfterMs(header, nowMs)).toBe(expected);
  });
});
