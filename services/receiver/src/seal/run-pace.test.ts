// When a run may begin: at once after a rest, then in steps, unless there is much to seal or somebody waits.

import { describe, expect, it } from 'vitest';
import { RunPace } from './run-pace.ts';

const PAUSE_US = 250_000;
const few = { seenLeaves: 3, freshLeaves: 2, isAwaited: false };

describe('a run of the sealer', () => {
  it('begins at once when there was none for a while', () => {
    expect(new RunPace(2).restMs({ nowUs: 7_000_000, ...few })).toBeLessThanOrEqual(0);
  });

  it('begins a quarter of a second after the last began, so that readings gather', () => {
    const pace = new RunPace(2);
    pace.begin(1_000_000);
    expect(pace.restMs({ nowUs: 1_000_000, ...few })).toBe(250);
    expect(pace.restMs({ nowUs: 1_000_000 + PAUSE_US - 1_000, ...few })).toBe(1);
    expect(pace.restMs({ nowUs: 1_000_000 + PAUSE_US, ...few })).toBeLessThanOrEqual(0);
  });

  it.each([
    { transactionsPerBlock: 2, runLeaves: 512 },
    { transactionsPerBlock: 100, runLeaves: 8_192 },
  ])('begins at once when $runLeaves leaves are pending in blocks of $transactionsPerBlock', (row) => {
    const pace = new RunPace(row.transactionsPerBlock);
    pace.begin(1_000_000);
    const at = { nowUs: 1_000_000, seenLeaves: 500, isAwaited: false };
    expect(pace.restMs({ ...at, freshLeaves: row.runLeaves - 501 })).toBeGreaterThan(0);
    expect(pace.restMs({ ...at, freshLeaves: row.runLeaves - 500 })).toBe(0);
  });

  it('begins at once when somebody waits for it', () => {
    const pace = new RunPace(2);
    pace.begin(1_000_000);
    expect(pace.restMs({ nowUs: 1_000_000, ...few, isAwaited: true })).toBe(0);
  });

  it('is not put off by a clock that was set back', () => {
    const pace = new RunPace(2);
    pace.begin(9_000_000);
    expect(pace.restMs({ nowUs: 1_000_000, ...few })).toBe(0);
  });
});

describe('readings that came', () => {
  it.each([
    { seenLeaves: 0, freshLeaves: 1, mayFill: true, because: 'nobody knows when it is due' },
    { seenLeaves: 1, freshLeaves: 98, mayFill: false, because: 'that makes 99' },
    { seenLeaves: 1, freshLeaves: 99, mayFill: true, because: 'that makes 100' },
    {
      seenLeaves: 150,
      freshLeaves: 0,
      mayFill: true,
      because: 'not all that was seen need be readings',
    },
  ])('of which $freshLeaves are fresh behind $seenLeaves are looked at: $mayFill, because $because', (row) => {
    expect(new RunPace(100).mayFillBlock(row)).toBe(row.mayFill);
  });
});
