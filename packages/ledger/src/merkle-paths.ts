// The inclusion paths of all leaves of a small tree at once, as a group commit's receipts need them. One path alone is merkle.ts.
// Source: RFC 6962 section 2.1.1.

import type { Hash } from './hash.ts';
import { largestPowerOfTwoBelow, nodeHash } from './merkle.ts';

/**
 * The root over these leaves and the inclusion path of each, as `proveInclusion` gives it for one: every node is made once, and paths share
 * them. `n` leaves have paths of n · log2(n) hashes in all. Throws for no leaves.
 */
export function proveAllInclusions(leaves: readonly Hash[]): { root: Hash; paths: Hash[][] } {
  if (leaves.length === 0) throw new RangeError('a tree without leaves has no paths');
  const paths: Hash[][] = leaves.map(() => []);
  const rootOf = (start: number, end: number): Hash => {
    const [only] = leaves.slice(start, start + 1);
    if (only && end - start === 1) return only;
    const middle = start + largestPowerOfTwoBelow(end - start);
    const [left, right] = [rootOf(start, middle), rootOf(middle, end)];
    for (let i = start; i < end; i++) paths[i]?.push(i < middle ? right : left);
    return nodeHash(left, right);
  };
  return { root: rootOf(0, leaves.length), paths };
}
