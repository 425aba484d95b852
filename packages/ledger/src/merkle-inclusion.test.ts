// Inclusion proofs: foreign cases, every leaf of every size to 100, and every way to spoil a proof.

import { describe, expect, it } from 'vitest';
import { fromBase64, toHex, utf8 } from './bytes.ts';
import { asHash, type Hash, sha256 } from './hash.ts';
import { checkInclusion, nodeHash, proveInclusion, rootOfInclusion } from './merkle.ts';
import { proveAllInclusions } from './merkle-paths.ts';
import { readForeignInclusions } from './testing/foreign.ts';
import { pathOf, turnsOf } from './testing/rfc6962.ts';
import { flip, leavesOf, MAX_SIZE, tree } from './testing/sample-tree.ts';

describe('inclusion', () => {
  it('agrees with every case of transparency-dev/merkle', () => {
    const cases = Object.entries(readForeignInclusions());
    expect(cases).toHaveLength(98);
    for (const [name, { leafIdx, treeSize, root, leafHash, proof, wantErr }] of cases) {
      const hashes = hashesOf(root, leafHash, ...(proof ?? []));
      const [rootHash, leaf, ...path] = hashes ?? [];
      const isProven =
        rootHash !== undefined &&
        leaf !== undefined &&
        checkInclusion({ leafIndex: leafIdx, treeSize, leafHash: leaf, path, root: rootHash });
      expect(isProven, name).toBe(!wantErr);
    }
  });

  it('is proven for every leaf of every size, as RFC 6962 defines the path', () => {
    for (let treeSize = 1; treeSize <= MAX_SIZE; treeSize++) {
      const root = tree.root(treeSize);
      for (let leafIndex = 0; leafIndex < treeSize; leafIndex++) {
        const path = proveInclusion({ leafIndex, treeSize }, tree.node);
        const leafHash = tree.node({ level: 0, index: leafIndex });
        expect(checkInclusion({ leafIndex, treeSize, leafHash, path, root })).toBe(true);
        if (treeSize <= 20) expect(path.map(toHex)).toEqual(pathOf(leafIndex, leavesOf(0, treeSize)).map(toHex));
      }
    }
  });

  it('is proven for all leaves at once by the paths that each has alone', () => {
    for (let treeSize = 1; treeSize <= MAX_SIZE; treeSize++) {
      const { root, paths } = proveAllInclusions(leavesOf(0, treeSize));
      expect(toHex(root)).toBe(toHex(tree.root(treeSize)));
      const alone = Array.from({ length: treeSize }, (_, leafIndex) =>
        proveInclusion({ leafIndex, treeSize }, tree.node),
      );
      expect(paths.map((path) => path.map(toHex))).toEqual(alone.map((path) => path.map(toHex)));
    }
    expect(() => proveAllInclusions([])).toThrow('no paths');
  });

  it('is not proven when any hash has one flipped bit, or the path is a hash longer or shorter', () => {
    let turn = 0;
    for (let treeSize = 1; treeSize <= MAX_SIZE; treeSize++) {
      for (let leafIndex = 0; leafIndex < treeSize; leafIndex++) {
        const proof = inclusionOf(leafIndex, treeSize);
        const { path, root, leafHash } = proof;
        // One bit of each hash, another one each time; all 256 bits of each hash are for the small trees below.
        const bits = treeSize <= 6 ? Array.from({ length: 256 }, (_, bit) => bit) : [turn++ % 256];
        for (const bit of bits) {
          expect(checkInclusion({ ...proof, root: flip(root, bit) })).toBe(false);
          expect(checkInclusion({ ...proof, leafHash: flip(leafHash, bit) })).toBe(false);
          for (const [i, hash] of path.entries()) {
            expect(checkInclusion({ ...proof, path: path.with(i, flip(hash, bit)) })).toBe(false);
          }
        }
        expect(checkInclusion({ ...proof, path: [...path, root] })).toBe(false);
        expect(checkInclusion({ ...proof, path: [root, ...path] })).toBe(false);
        if (path.length > 0) expect(checkInclusion({ ...proof, path: path.slice(1) })).toBe(false);
        if (path.length > 0) expect(checkInclusion({ ...proof, path: path.slice(0, -1) })).toBe(false);
      }
    }
  });

  it('is proven with one flipped bit of index or size only where the path turns the same way', () => {
    // A path tells left from right and nothing else: (0, 9) and (0, 10) have the same shape. What fixes the size is the signed root beside it.
    let same = 0;
    for (let treeSize = 1; treeSize <= MAX_SIZE; treeSize++) {
      for (let leafIndex = 0; leafIndex < treeSize; leafIndex++) {
        const proof = inclusionOf(leafIndex, treeSize);
        const turns = turnsOf(leafIndex, treeSize);
        for (let bit = 0; bit < 8; bit++) {
          const otherIndex = leafIndex ^ (1 << bit);
          const otherSize = treeSize ^ (1 << bit);
          expect(checkInclusion({ ...proof, leafIndex: otherIndex })).toBe(turnsOf(otherIndex, treeSize) === turns);
          const isSame = turnsOf(leafIndex, otherSize) === turns;
          expect(checkInclusion({ ...proof, treeSize: otherSize })).toBe(isSame);
          if (isSame) same++;
        }
      }
    }
    expect(same).toBeGreaterThan(0);
  });

  it('is never proven for an index or a size that is not a number of leaves', () => {
    const proof = inclusionOf(0, 1);
    for (const number of [-1, 0.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      expect(checkInclusion({ ...proof, leafIndex: number })).toBe(false);
      expect(checkInclusion({ ...proof, treeSize: number })).toBe(false);
    }
    expect(checkInclusion({ ...proof, treeSize: 0 })).toBe(false);
    expect(rootOfInclusion({ ...proof, leafIndex: 1 })).toBeUndefined();
  });

  it('is not proven in a tree of one leaf by the path of a larger tree', () => {
    const { path, leafHash, root } = inclusionOf(1, 2);
    expect(checkInclusion({ leafIndex: 1, treeSize: 2, leafHash, path, root })).toBe(true);
    expect(checkInclusion({ leafIndex: 0, treeSize: 1, leafHash, path, root })).toBe(false);
    expect(rootOfInclusion({ leafIndex: 0, treeSize: 1, leafHash, path })).toBeUndefined();
  });

  it('cannot be asked for a leaf that is not in the tree', () => {
    for (const leafIndex of [-1, 5, 6]) {
      expect(() => proveInclusion({ leafIndex, treeSize: 5 }, tree.node)).toThrow(RangeError);
    }
  });

  it('works for indexes past 2^32', () => {
    const leaf = sha256(utf8('a leaf'));
    const path = Array.from({ length: 40 }, (_, i) => sha256(utf8(String(i))));
    const leafIndex = 2 ** 39 + 1;
    const root = path.reduce((hash, sibling, level) => {
      return Math.floor(leafIndex / 2 ** level) % 2 === 1 ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
    }, leaf);
    expect(checkInclusion({ leafIndex, treeSize: 2 ** 40, leafHash: leaf, path, root })).toBe(true);
    expect(checkInclusion({ leafIndex: leafIndex - 1, treeSize: 2 ** 40, leafHash: leaf, path, root })).toBe(false);
  });
});

function inclusionOf(leafIndex: number, treeSize: number) {
  const path = proveInclusion({ leafIndex, treeSize }, tree.node);
  return { leafIndex, treeSize, leafHash: tree.node({ level: 0, index: leafIndex }), path, root: tree.root(treeSize) };
}

/** The hashes of base64 texts, or undefined when one is none: a reader of proofs refuses it before any arithmetic. */
function hashesOf(...texts: string[]): Hash[] | undefined {
  const bytes = texts.map(fromBase64);
  return bytes.every((hash) => hash?.length === 32)
    ? bytes.map((hash) => asHash(hash ?? new Uint8Array(0)))
    : undefined;
}
