import { describe, expect, it } from 'vitest';
import { runBeyond } from './beyond-scenario.ts';
import { isFoundOut } from './is-found-out.ts';
import { MUTANTS, mutantRules } from './mutants.ts';
import { runProved } from './proved-scenario.ts';

/** How many seeds: 300 in each change's run, 10,000 at night (peering.md 5.1). A failure names its seed, which shows it again. */
const SEEDS = Number(process.env['SIMULATOR_SEEDS'] ?? 300);
const FIRST_SEED = Number(process.env['SIMULATOR_FIRST_SEED'] ?? 1);
/** Each run beyond the proof lasts longer; a guess at what they add. */
const BEYOND_SEEDS = Math.ceil(SEEDS / 4);
/** In how many seeds a mutant must have shown itself. Most do in the first. */
const MUTANT_SEEDS = 20;

describe('Chord in the simulator', () => {
  it('keeps the invariants after every event, becomes ideal when the churn ends, and rests then', {
    timeout: 3_600_000,
  }, () => {
    let located = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) located += runProved({ seed }).counts.located;
    expect(located).toBeGreaterThan(SEEDS);
  });

  it('recovers from losses, mass failure, false suspicion and partitions', { timeout: 3_600_000 }, () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + BEYOND_SEEDS; seed++) {
      expect(runBeyond({ seed }).counts.changes).toBeGreaterThan(0);
    }
  });

  it('gives the same trace for the same seed, and another for another', () => {
    for (const run of [runProved, runBeyond]) {
      const once = run({ seed: 7 });
      expect(run({ seed: 7 })).toEqual(once);
      expect(run({ seed: 8 }).traceHash).not.toBe(once.traceHash);
    }
  });

  it('has merges out of order during churn, which the checks do not take for faults', () => {
    let unordered = 0;
    for (let seed = 1; seed <= 30; seed++) unordered += runProved({ seed }).counts.unorderedMerges;
    expect(unordered).toBeGreaterThan(0);
  });
});

describe('the checker', () => {
  for (const name of Object.keys(MUTANTS)) {
    it(`finds out a protocol that ${name}`, () => {
      const rules = mutantRules(name);
      // Fingers matter only where lists do not reach round half of the ring.
      const world = name.includes('fingers') ? { nodes: 60, r: 2, hasLookupsFirst: true } : {};
      expect(isFoundOut(MUTANT_SEEDS, (seed) => runProved({ seed, rules, ...world }))).toBe(true);
    });
  }

  it('lets the right protocol pass in the world where short fingers are found out', () => {
    expect(runProved({ seed: 1, nodes: 60, r: 2, hasLookupsFirst: true }).counts.located).toBeGreaterThan(60);
  });
});
