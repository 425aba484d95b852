// Consistency proofs: foreign cases, every two sizes to 100, and every way to spoil a proof.

import { describe, expect, it } from 'vitest';
import { fromBase64, utf8 } from './bytes.ts';
import { asHash, type Hash, sha256 } from './hash.ts';
import { checkConsistency, EMPTY_ROOT, proveConsistency } from './merkle.ts';
import { readForeignConsistencies } from './testing/foreign.ts';
import { isConsistentByDefinition } from './testing/rfc6962.ts';
import { flip, MAX_SIZE, tree } from './testing/sample-tree.ts';

describe('consistency', () => {
  it('agrees with the cases of transparency-dev/merkle, but for the empty tree', () => {
    const cases = Object.entries(readForeignConsistencies());
    expect(cases).toHaveLength(98);
    const differing: string[] = [];
    for (const [name, { size1, size2, root1, root2, proof, wantErr }] of cases) {
      const [fromRoot, toRoot] = [standInOf(root1), standInOf(root2)];
      const path = (proof ?? []).map(standInOf);
      const isProven = checkConsistency({ fromSize: size1, toSize: size2, fromRoot, toRoot, path });
      if (isProven === wantErr) differing.push(name);
    }
    // There, nothing can be proven of an empty tree. Here it is the beginning of every other, if its root is the empty root.
    expect(differing).toEqual(['additional/size1-is-zero-and-size2-is-not-zero']);
  });

  it('is proven between every two sizes', () => {
    for (let toSize = 1; toSize <= MAX_SIZE; toSize++) {
      for (let fromSize = 1; fromSize <= toSize; fromSize++) {
        expect(checkConsistency(consistencyOf(fromSize, toSize))).toBe(true);
      }
    }
  });

  it('is not proven when any hash has one flipped bit, or the path is a hash longer or shorter', () => {
    let turn = 0;
    for (let toSize = 1; toSize <= MAX_SIZE; toSize++) {
      for (let fromSize = 1; fromSize <= toSize; fromSize++) {
        const proof = consistencyOf(fromSize, toSize);
        const { path, fromRoot, toRoot } = proof;
        const bits = toSize <= 6 ? Array.from({ length: 256 }, (_, bit) => bit) : [turn++ % 256];
        for (const bit of bits) {
          expect(checkConsistency({ ...proof, fromRoot: flip(fromRoot, bit) })).toBe(false);
          expect(checkConsistency({ ...proof, toRoot: flip(toRoot, bit) })).toBe(false);
          for (const [i, hash] of path.entries()) {
            expect(checkConsistency({ ...proof, path: path.with(i, flip(hash, bit)) })).toBe(false);
          }
        }
        expect(checkConsistency({ ...proof, path: [...path, toRoot] })).toBe(false);
        expect(checkConsistency({ ...proof, path: [fromRoot, ...path] })).toBe(false);
        if (path.length > 0) expect(checkConsistency({ ...proof, path: path.slice(1) })).toBe(false);
        if (path.length > 0) expect(checkConsistency({ ...proof, path: path.slice(0, -1) })).toBe(false);
      }
    }
  });

  it('is proven with one flipped bit of a size only where the definition of RFC 6962 gives the same roots', () => {
    for (let toSize = 1; toSize <= MAX_SIZE; toSize++) {
      for (let fromSize = 1; fromSize <= toSize; fromSize++) {
        const proof = consistencyOf(fromSize, toSize);
        for (let bit = 0; bit < 8; bit++) {
          const otherFrom = { ...proof, fromSize: fromSize ^ (1 << bit) };
          const otherTo = { ...proof, toSize: toSize ^ (1 << bit) };
          expect(checkConsistency(otherFrom)).toBe(isConsistentByDefinition(otherFrom));
          expect(checkConsistency(otherTo)).toBe(isConsistentByDefinition(otherTo));
        }
      }
    }
  });

  it('of an empty tree needs the empty root and no path', () => {
    const toRoot = tree.root(5);
    expect(checkConsistency({ fromSize: 0, toSize: 5, fromRoot: EMPTY_ROOT, toRoot, path: [] })).toBe(true);
    expect(checkConsistency({ fromSize: 0, toSize: 5, fromRoot: toRoot, toRoot, path: [] })).toBe(false);
    expect(checkConsistency({ fromSize: 0, toSize: 5, fromRoot: EMPTY_ROOT, toRoot, path: [toRoot] })).toBe(false);
    const both = { fromSize: 0, toSize: 0, path: [] };
    expect(checkConsistency({ ...both, fromRoot: EMPTY_ROOT, toRoot: EMPTY_ROOT })).toBe(true);
    expect(checkConsistency({ ...both, fromRoot: toRoot, toRoot })).toBe(false);
    expect(checkConsistency({ ...both, fromRoot: EMPTY_ROOT, toRoot })).toBe(false);
  });

  it('is never proven from a larger tree to a smaller one, nor for what is not a size', () => {
    const proof = consistencyOf(3, 3);
    for (const number of [-1, 0.5, Number.NaN, 2 ** 53, 2 ** 60]) {
      expect(checkConsistency({ ...proof, fromSize: number })).toBe(false);
      expect(checkConsistency({ ...proof, toSize: number })).toBe(false);
    }
    expect(checkConsistency({ ...proof, toSize: 2 })).toBe(false);
  });

  it('cannot be asked for from nothing or from the future', () => {
    for (const fromSize of [-1, 0, 6]) {
      expect(() => proveConsistency({ fromSize, toSize: 5 }, tree.node)).toThrow(RangeError);
    }
  });
});

function consistencyOf(fromSize: number, toSize: number) {
  const path = proveConsistency({ fromSize, toSize }, tree.node);
  return { fromSize, toSize, fromRoot: tree.root(fromSize), toRoot: tree.root(toSize), path };
}

/** A hash for a base64 text, which some of the foreign cases do not have ("don't care"): equal for equal texts only. */
function standInOf(text: string): Hash {
  const bytes = fromBase64(text) ?? utf8(text);
  return bytes.length === 32 ? asHash(bytes) : sha256(bytes);
}
