// The live node's chance: unpredictable numbers, so that no peer can tell whom a node asks next or when.

import { randomInt } from 'node:crypto';

/** randomInt takes ranges up to 2^48 - 1. */
const STEPS = 2 ** 47;

/** A number at least 0 and below 1. */
export function cryptoRandom(): number {
  return randomInt(STEPS) / STEPS;
}
