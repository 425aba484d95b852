// An inclusion path as a picture needs it: for each step from the leaf up to the root the node, its sibling, which side that stands on, and
// which leaves each of them covers. No I/O. Source: RFC 9162 sections 2.1.1 and 2.1.3.

import { type Hash, nodeHash } from '@telltale/ledger';

export interface InclusionStep {
  /** The node on the way: the leaf itself first. */
  readonly node: TreeNode;
  readonly sibling: TreeNode;
  readonly side: 'left' | 'right';
}

/** A subtree: its hash, and its leaves [start, end). */
export interface TreeNode {
  readonly hash: Hash;
  readonly start: number;
  readonly end: number;
}

/** Where the path leads. `root` is computed from the leaf, not taken from a checkpoint. */
export interface InclusionPicture {
  /** From the leaf up; empty in a log of one leaf. */
  readonly steps: readonly InclusionStep[];
  readonly root: TreeNode;
}

/** Undefined when the path does not fit index and size: then there is nothing to draw. */
export function inclusionPicture(proof: {
  leafIndex: number;
  treeSize: number;
  leafHash: Hash;
  path: readonly Hash[];
}): InclusionPicture | undefined {
  const { leafIndex, treeSize, leafHash, path } = proof;
  if (!Number.isSafeInteger(leafIndex) || leafIndex < 0 || leafIndex >= treeSize) return undefined;
  const halves = halvesOn({ leafIndex, treeSize });
  if (halves.length !== path.length) return undefined;
  let node: TreeNode = { hash: leafHash, start: leafIndex, end: leafIndex + 1 };
  const steps: InclusionStep[] = [];
  // The path begins at the leaf, the halving at the root.
  for (const [i, { side, start, end }] of halves.reverse().entries()) {
    const hash = path[i];
    if (!hash) return undefined;
    const sibling = { hash, start, end };
    steps.push({ node, sibling, side });
    node =
      side === 'left'
        ? { hash: nodeHash(hash, node.hash), start, end: node.end }
        : { hash: nodeHash(node.hash, hash), start: node.start, end };
  }
  return { steps, root: node };
}

/** From the root down, the half that the leaf is not in: the left half is the largest power of two below the whole. */
function halvesOn(at: {
  leafIndex: number;
  treeSize: number;
}): { side: 'left' | 'right'; start: number; end: number }[] {
  const halves: { side: 'left' | 'right'; start: number; end: number }[] = [];
  let [start, end] = [0, at.treeSize];
  while (end - start > 1) {
    let half = 1;
    while (2 * half < end - start) half *= 2;
    const middle = start + half;
    if (at.leafIndex < middle) {
      halves.push({ side: 'right', start: middle, end });
      end = middle;
    } else {
      halves.push({ side: 'left', start, end: middle });
      start = middle;
    }
  }
  return halves;
}
