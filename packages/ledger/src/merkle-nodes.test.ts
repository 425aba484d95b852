// The nodes that a proof needs: exactly the ones that proving reads, in that order.

import { describe, expect, it } from 'vitest';
import {
  consistencyNodes,
  inclusionNodes,
  type NodePosition,
  proveConsistency,
  proveInclusion,
  type ReadNode,
} from './merkle.ts';
import { MAX_SIZE, tree } from './testing/sample-tree.ts';

describe('the nodes of a proof', () => {
  it('are those that proving inclusion reads, for every leaf of every size', () => {
    for (let treeSize = 1; treeSize <= MAX_SIZE; treeSize++) {
      for (let leafIndex = 0; leafIndex < treeSize; leafIndex++) {
        const { read, positions } = recorder();
        proveInclusion({ leafIndex, treeSize }, read);
        expect(inclusionNodes({ leafIndex, treeSize })).toEqual(positions);
      }
    }
  });

  it('are those that proving consistency reads, for every two sizes', () => {
    for (let toSize = 1; toSize <= MAX_SIZE; toSize++) {
      for (let fromSize = 1; fromSize <= toSize; fromSize++) {
        const { read, positions } = recorder();
        proveConsistency({ fromSize, toSize }, read);
        expect(consistencyNodes({ fromSize, toSize })).toEqual(positions);
      }
    }
  });

  it('of leaf 2 of 7 are the nodes that RFC 6962 section 2.1.3 draws', () => {
    // Its path is d, g, l: leaf 3, the subtree of leaves 0 and 1, and the one of leaves 4 to 6, which is made of two whole subtrees.
    expect(inclusionNodes({ leafIndex: 2, treeSize: 7 })).toEqual([
      { level: 0, index: 3 },
      { level: 1, index: 0 },
      { level: 1, index: 2 },
      { level: 0, index: 6 },
    ]);
  });

  it('do not exist outside the tree', () => {
    expect(() => inclusionNodes({ leafIndex: 3, treeSize: 3 })).toThrow(RangeError);
    expect(() => consistencyNodes({ fromSize: 0, toSize: 3 })).toThrow(RangeError);
    expect(() => consistencyNodes({ fromSize: 4, toSize: 3 })).toThrow(RangeError);
  });
});

function recorder(): { read: ReadNode; positions: NodePosition[] } {
  const positions: NodePosition[] = [];
  const read: ReadNode = (position) => {
    positions.push(position);
    return tree.node(position);
  };
  return { read, positions };
}
