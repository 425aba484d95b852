// Roots of the Merkle tree: those of RFC 6962's own test data, the golden ones, and the same from every way to reckon them.

import { describe, expect, it } from 'vitest';
import { toHex } from './bytes.ts';
import { leafHash } from './leaf.ts';
import { EMPTY_ROOT, Frontier, MerkleTree, rootAt, subtreesOf } from './merkle.ts';
import { bytesOf, hashOf, readGolden } from './testing/golden.ts';
import { treeHash } from './testing/rfc6962.ts';
import { leavesOf, MAX_SIZE, tree } from './testing/sample-tree.ts';

const { vectors } = readGolden();

/** Test data and roots of google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc: the log of RFC 6962. */
const CT_LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const CT_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('roots', () => {
  it('are those of the RFC 6962 test data', () => {
    const ct = new MerkleTree(CT_LEAVES.map((hex) => leafHash(bytesOf(hex))));
    expect(CT_ROOTS.map((_, size) => toHex(ct.root(size)))).toEqual(CT_ROOTS);
    expect(toHex(EMPTY_ROOT)).toBe(CT_ROOTS[0]);
  });

  it('are the golden log roots, from the golden leaf hashes', () => {
    const frontier = new Frontier();
    const roots = [frontier.root()];
    for (const leaf of vectors.leaves) {
      frontier.append(hashOf(leaf.leaf_hash));
      roots.push(frontier.root());
    }
    expect(roots.map(toHex)).toEqual(vectors.log_roots);
  });

  it('are the same from a tree, from its nodes, from a frontier and from a frontier taken up half way', () => {
    const frontier = new Frontier();
    for (let size = 0; size <= MAX_SIZE; size++) {
      const peaks = subtreesOf(0, size).map(tree.node);
      const root = toHex(tree.root(size));
      expect(toHex(frontier.root())).toBe(root);
      expect(toHex(new Frontier(size, peaks).root())).toBe(root);
      expect(toHex(rootAt(size, tree.node))).toBe(root);
      expect(toHex(treeHash(leavesOf(0, size)))).toBe(root);
      if (size < MAX_SIZE) frontier.append(tree.node({ level: 0, index: size }));
    }
  });
});

describe('a frontier', () => {
  it('is not changed by appending to its copy', () => {
    const frontier = new Frontier(3, subtreesOf(0, 3).map(tree.node));
    const copy = frontier.copy();
    copy.append(tree.node({ level: 0, index: 3 }));
    expect([frontier.size, copy.size]).toEqual([3, 4]);
    expect(toHex(frontier.root())).toBe(toHex(tree.root(3)));
    expect(toHex(copy.root())).toBe(toHex(tree.root(4)));
  });

  it('is refused with peaks that do not fit its size', () => {
    const peaks = subtreesOf(0, 3).map(tree.node);
    for (const size of [-1, 0, 1, 4, 7, 2.5, 2 ** 53]) expect(() => new Frontier(size, peaks)).toThrow(RangeError);
    expect(new Frontier(2 ** 52 + 1, peaks).size).toBe(2 ** 52 + 1);
  });
});

describe('a tree', () => {
  it('throws for nodes that it does not have', () => {
    expect(() => tree.node({ level: 0, index: MAX_SIZE })).toThrow(RangeError);
    expect(() => tree.node({ level: 7, index: 0 })).toThrow(RangeError);
    expect(() => tree.root(MAX_SIZE + 1)).toThrow(RangeError);
  });
});
