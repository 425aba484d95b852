// Paths drawn for every leaf of every small log, against the ledger's own trees.

import { type Hash, MerkleTree, proveInclusion, sha256, toHex, utf8 } from '@telltale/ledger';
import { describe, expect, it } from 'vitest';
import { inclusionPicture } from './inclusion-steps.ts';

const LARGEST = 40;

function leafHashes(count: number): Hash[] {
  return Array.from({ length: count }, (_, i) => sha256(utf8(`leaf ${i}`)));
}

function proofIn(leaves: readonly Hash[], leafIndex: number) {
  const tree = new MerkleTree(leaves);
  const path = proveInclusion({ leafIndex, treeSize: leaves.length }, tree.node);
  return { path, root: tree.root() };
}

describe('the picture of a path', () => {
  it('leads to the root of the log, and each step covers what the two below it cover', () => {
    for (let treeSize = 1; treeSize <= LARGEST; treeSize++) {
      const leaves = leafHashes(treeSize);
      for (const [leafIndex, leafHash] of leaves.entries()) {
        const { path, root } = proofIn(leaves, leafIndex);
        const picture = inclusionPicture({ leafIndex, treeSize, leafHash, path });
        expect(toHex(picture?.root.hash ?? new Uint8Array(0))).toBe(toHex(root));
        expect(picture?.root).toMatchObject({ start: 0, end: treeSize });
        const nodes = [...(picture?.steps.map(({ node }) => node) ?? []), picture?.root];
        for (const [i, { sibling, side }] of picture?.steps.entries() ?? []) {
          const [node, parent] = [nodes[i], nodes[i + 1]];
          const [left, right] = side === 'left' ? [sibling, node] : [node, sibling];
          expect(left?.end).toBe(right?.start);
          expect(parent).toMatchObject({ start: left?.start, end: right?.end });
          // The sibling's hash is that of exactly the leaves that the picture says.
          const covered = leaves.slice(sibling.start, sibling.end);
          expect(toHex(sibling.hash)).toBe(toHex(proofIn(covered, 0).root));
        }
      }
    }
  });

  it('is not drawn for a path that does not fit', () => {
    const leaves = leafHashes(7);
    const [leafHash] = leaves;
    if (!leafHash) throw new Error('no leaf');
    const { path } = proofIn(leaves, 0);
    expect(inclusionPicture({ leafIndex: 0, treeSize: 7, leafHash, path: path.slice(1) })).toBeUndefined();
    expect(inclusionPicture({ leafIndex: 7, treeSize: 7, leafHash, path })).toBeUndefined();
    expect(inclusionPicture({ leafIndex: 0, treeSize: 9, leafHash, path })).toBeUndefined();
    expect(inclusionPicture({ leafIndex: -1, treeSize: 7, leafHash, path })).toBeUndefined();
  });
});
