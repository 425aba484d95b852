// The definitions of RFC 6962 section 2.1 word for word, recursive and slow, to hold the ledger's iterative code against.

import { toHex } from '../bytes.ts';
import { type Hash, sha256 } from '../hash.ts';
import { type checkConsistency, EMPTY_ROOT, nodeHash } from '../merkle.ts';

/** MTH(D[n]). */
export function treeHash(leaves: readonly Hash[]): Hash {
  const [only] = leaves;
  if (!only) return sha256(new Uint8Array(0));
  if (leaves.length === 1) return only;
  const k = splitOf(leaves.length);
  return sha256(Uint8Array.of(1, ...treeHash(leaves.slice(0, k)), ...treeHash(leaves.slice(k))));
}

/** PATH(m, D[n]). */
export function pathOf(m: number, leaves: readonly Hash[]): Hash[] {
  if (leaves.length <= 1) return [];
  const k = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m < k ? [...pathOf(m, left), treeHash(right)] : [...pathOf(m - k, right), treeHash(left)];
}

/** The sides on which PATH(m, D[n]) has its siblings, from the root down; undefined where there is no such path. */
export function turnsOf(m: number, n: number): string | undefined {
  if (m >= n) return undefined;
  if (n === 1) return '';
  const k = splitOf(n);
  return m < k ? `R${turnsOf(m, k)}` : `L${turnsOf(m - k, n - k)}`;
}

/** Both roots that PROOF(m, D[n]) leads to, taking SUBPROOF apart from its last hash on. */
export function isConsistentByDefinition(proof: Parameters<typeof checkConsistency>[0]): boolean {
  const { fromSize, toSize, fromRoot, toRoot } = proof;
  if (fromSize === 0) return proof.path.length === 0 && toHex(fromRoot) === toHex(EMPTY_ROOT) && toSize > 0;
  if (fromSize > toSize) return false;
  const rest = [...proof.path];
  const subproof = (m: number, n: number, isWhole: boolean): [Hash, Hash] | undefined => {
    if (m === n) {
      const known = isWhole ? fromRoot : rest.pop();
      return known && [known, known];
    }
    const sibling = rest.pop();
    if (!sibling) return undefined;
    const k = splitOf(n);
    if (m <= k) {
      const inner = subproof(m, k, isWhole);
      return inner && [inner[0], nodeHash(inner[1], sibling)];
    }
    const inner = subproof(m - k, n - k, false);
    return inner && [nodeHash(sibling, inner[0]), nodeHash(sibling, inner[1])];
  };
  const roots = subproof(fromSize, toSize, true);
  if (!roots || rest.length > 0) return false;
  return toHex(roots[0]) === toHex(fromRoot) && toHex(roots[1]) === toHex(toRoot);
}

/** The largest power of two below `size`. */
function splitOf(size: number): number {
  return 2 ** Math.ceil(Math.log2(size) - 1);
}
