import { describe, expect, it } from 'vitest';
import type { Message } from '../calls.ts';
import { runWithData } from './data-scenario.ts';
import { isFoundOut } from './is-found-out.ts';

/** A run lasts minutes of virtual time with a signature for each copy; about a quarter of a second each. */
const SEEDS = Math.ceil(Number(process.env['SIMULATOR_SEEDS'] ?? 300) / 6);
const FIRST_SEED = Number(process.env['SIMULATOR_FIRST_SEED'] ?? 1);

describe('Chord and replication together in the simulator', () => {
  it('lose nothing that was acknowledged, keep exactly k copies, and let every node read them', {
    timeout: 3_600_000,
  }, () => {
    const sums = { acknowledged: 0, deletions: 0, lies: 0, failures: 0 };
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const { counts } = runWithData({ seed });
      sums.acknowledged += counts.acknowledged;
      sums.deletions += counts.deletions;
      sums.lies += counts.lies;
      sums.failures += counts.failures;
    }
    // Each kind of trouble took place.
    expect(sums.acknowledged).toBeGreaterThan(10 * SEEDS);
    for (const count of [sums.deletions, sums.lies, sums.failures]) expect(count).toBeGreaterThan(0);
  });

  it('give the same trace for the same seed, and another for another', () => {
    const once = runWithData({ seed: 7 });
    expect(runWithData({ seed: 7 })).toEqual(once);
    expect(runWithData({ seed: 8 }).traceHash).not.toBe(once.traceHash);
  });
});

/** Nodes that are wrong about what they keep. */
const MUTANTS: Readonly<Record<string, (answer: Message) => Message>> = {
  'say that they keep what they are asked for, so that others delete it': (answer) =>
    answer.t === 'store.missing' ? { ...answer, body: { positions: [] } } : answer,
  'find no difference when they compare': (answer) =>
    answer.t === 'store.differing' ? { ...answer, body: { children: [] } } : answer,
  'take nothing from the owner': (answer) =>
    answer.t === 'store.receipts' ? { t: 'store.refused', body: { code: 'unavailable' } } : answer,
};
const MUTANT_SEEDS = 10;

describe('the check of data', () => {
  it.each(Object.keys(MUTANTS))('finds out nodes that %s', { timeout: 600_000 }, (name) => {
    const mutant = MUTANTS[name];
    if (!mutant) throw new Error('there is no such mutant');
    expect(isFoundOut(MUTANT_SEEDS, (seed) => runWithData({ seed, mutant }))).toBe(true);
  });
});
