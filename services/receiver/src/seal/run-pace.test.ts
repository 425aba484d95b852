// When a run may begin: at once after a rest, then in steps, unless there is much to seal or somebody waits.

import { describe, expect, it } from 'vitest';
import { RunPace } from './run-pace.ts';

const PAUSE_US = 250_000;
const few = { pendingLeaves: 5, isAwaited: false };

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
    const at = { nowUs: 1_000_000, isAwaited: false };
    expect(pace.restMs({ ...at, pendingLeaves: row.runLeaves - 1 })).toBeGreaterThan(0);
    expect(pace.restMs({ ...at, pendingLeaves: row.runLeaves })).toBe(0);
  });

  it('begins at once when somebody waits for it', () => {
    const pace = new RunPace(2);
    pace.begin(1_000_000);
    expect(pace.restMs({ nowUs: 1_000_000, pendingLeaves: 5, isAwaited: true })).toBe(0);
  });

  it('is not put off by a clock that was set back', () => {
    const pace = new RunPace(2);
    pace.begin(9_000_000);
    expect(pace.restMs({ nowUs: 1_000_000, ...few })).toBe(0);
  });
});
