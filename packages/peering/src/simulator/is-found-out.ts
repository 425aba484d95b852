// Whether one of several runs of a wrong program is found out by a check.

import { CheckFailure } from './check-failure.ts';

/** Runs one seed after the other until a check fails. What else is thrown is thrown on. */
export function isFoundOut(seeds: number, run: (seed: number) => void): boolean {
  return Array.from({ length: seeds }, (_, i) => i + 1).some((seed) => {
    try {
      run(seed);
      return false;
    } catch (error) {
      if (error instanceof CheckFailure) return true;
      throw error;
    }
  });
}
