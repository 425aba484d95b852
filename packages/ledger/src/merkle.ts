// The append-only Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1), as a log of leaf hashes.
// A node at (level, index) is the root over the 2^level leaves from index · 2^level on; only whole subtrees are nodes.

import { equalBytes } from './bytes.ts';
import { asHash, HASH_BYTES, type Hash, sha256 } from './hash.ts';

/** Root of the tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT: Hash = sha256(new Uint8Array(0));

/** A whole subtree: `level` 0 is the leaves, node `index` of level n covers the leaves from index × 2^n on. */
export interface NodePosition {
  readonly level: number;
  readonly index: number;
}

/** Gives the hash of a whole subtree; throws when it does not hold it. */
export type ReadNode = (position: NodePosition) => Hash;

const node = new Uint8Array(1 + 2 * HASH_BYTES);
node[0] = 0x01;

/** SHA-256(0x01 ‖ left ‖ right), RFC 6962 section 2.1. */
export function nodeHash(left: Hash, right: Hash): Hash {
  // One scratch buffer: nothing here awaits, and a tree of a million leaves makes a million of these.
  node.set(left, 1);
  node.set(right, 1 + HASH_BYTES);
  return sha256(node);
}

/**
 * The right edge of a tree: the roots of the whole subtrees that `size` splits into, largest first. Appending needs nothing else.
 * Owned by its holder; `copy` before appending what may be thrown away.
 */
export class Frontier {
  private leaves: number;
  private readonly peaks: Hash[];

  /** `peaks`: one root for each 1 in the binary form of `size`, largest subtree first. Throws when the counts differ. */
  constructor(size = 0, peaks: readonly Hash[] = []) {
    if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`not a log size: ${size}`);
    if (peaks.length !== subtreesOf(0, size).length)
      throw new RangeError(`${peaks.length} peaks do not make ${size} leaves`);
    this.leaves = size;
    this.peaks = [...peaks];
  }

  get size(): number {
    return this.leaves;
  }

  append(leaf: Hash): void {
    let merged = leaf;
    for (let rest = this.leaves; rest % 2 === 1; rest = (rest - 1) / 2) {
      const left = this.peaks.pop();
      if (!left) throw new Error('the frontier lost a peak');
      merged = nodeHash(left, merged);
    }
    this.peaks.push(merged);
    this.leaves++;
  }

  root(): Hash {
    return foldPeaks(this.peaks);
  }

  /** The roots of the whole subtrees that the leaves split into, largest first: `new Frontier(size, subtrees)` goes on from here. */
  subtrees(): Hash[] {
    return [...this.peaks];
  }

  copy(): Frontier {
    return new Frontier(this.leaves, this.peaks);
  }
}

/** A whole tree in memory: every node, 64 bytes a leaf. For receipts, tests and small logs. */
export class MerkleTree {
  private readonly levels: Hash[][] = [[]];

  constructor(leaves: Iterable<Hash> = []) {
    for (const leaf of leaves) this.append(leaf);
  }

  get size(): number {
    return this.levels[0]?.length ?? 0;
  }

  append(leaf: Hash): void {
    let hash = leaf;
    for (let level = 0; ; level++) {
      const row = this.levels[level] ?? [];
      this.levels[level] = row;
      row.push(hash);
      const left = row.at(-2);
      if (row.length % 2 === 1 || !left) return;
      hash = nodeHash(left, hash);
    }
  }

  readonly node: ReadNode = ({ level, index }) => {
    const hash = this.levels[level]?.[index];
    if (!hash) throw new RangeError(`the tree of ${this.size} leaves has no node ${index} at level ${level}`);
    return hash;
  };

  /** Root over the first `size` leaves, by default all. */
  root(size = this.size): Hash {
    return rootAt(size, this.node);
  }
}

/** The largest whole subtrees that the leaves [start, end) split into, from left to right; `start` must begin a subtree of that size. */
export function subtreesOf(start: number, end: number): NodePosition[] {
  const positions: NodePosition[] = [];
  let at = start;
  while (at < end) {
    let level = 0;
    let width = 1;
    while (at % (2 * width) === 0 && at + 2 * width <= end) {
      width *= 2;
      level++;
    }
    positions.push({ level, index: at / width });
    at += width;
  }
  return positions;
}

/** Root over the first `size` leaves. */
export function rootAt(size: number, readNode: ReadNode): Hash {
  return foldPeaks(subtreesOf(0, size).map(readNode));
}

/** Inclusion path of one leaf, nearest sibling first: PATH(m, D[n]) of RFC 6962 section 2.1.1. Throws when leafIndex ≥ treeSize. */
export function proveInclusion(at: { leafIndex: number; treeSize: number }, readNode: ReadNode): Hash[] {
  return inclusionRanges(at).map((range) => subtreeRoot(range, readNode));
}

/** The nodes that `proveInclusion` reads, so that a store can fetch them at once. Throws when leafIndex ≥ treeSize. */
export function inclusionNodes(at: { leafIndex: number; treeSize: number }): NodePosition[] {
  return inclusionRanges(at).flatMap(({ start, end }) => subtreesOf(start, end));
}

/** Consistency path between two sizes: PROOF(m, D[n]) of RFC 6962 section 2.1.2. Throws unless 0 < fromSize ≤ toSize. */
export function proveConsistency(sizes: { fromSize: number; toSize: number }, readNode: ReadNode): Hash[] {
  return consistencyRanges(sizes).map((range) => subtreeRoot(range, readNode));
}

/** The nodes that `proveConsistency` reads, so that a store can fetch them at once. Throws unless 0 < fromSize ≤ toSize. */
export function consistencyNodes(sizes: { fromSize: number; toSize: number }): NodePosition[] {
  return consistencyRanges(sizes).flatMap(({ start, end }) => subtreesOf(start, end));
}

/** The root that an inclusion path leads to (RFC 9162 section 2.1.3.2), or undefined when the path does not fit index and size. */
export function rootOfInclusion(proof: {
  leafIndex: number;
  treeSize: number;
  leafHash: Hash;
  path: readonly Hash[];
}): Hash | undefined {
  if (!isIndexBelow(proof.leafIndex, proof.treeSize)) return undefined;
  let position = proof.leafIndex;
  let last = proof.treeSize - 1;
  let hash = proof.leafHash;
  for (const sibling of proof.path) {
    if (last === 0) return undefined;
    if (position % 2 === 1 || position === last) {
      hash = nodeHash(sibling, hash);
      while (position % 2 === 0 && position !== 0) {
        position /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? hash : undefined;
}

/** Checks an inclusion path against a root, as in RFC 9162 section 2.1.3.2. */
export function checkInclusion(proof: {
  leafIndex: number;
  treeSize: number;
  leafHash: Hash;
  path: readonly Hash[];
  root: Hash;
}): boolean {
  const root = rootOfInclusion(proof);
  return root !== undefined && equalBytes(root, proof.root);
}

/** Checks a consistency path as in RFC 9162 section 2.1.4.2. Equal sizes need equal roots and no path; size 0 fits everything. */
export function checkConsistency(proof: {
  fromSize: number;
  toSize: number;
  fromRoot: Hash;
  toRoot: Hash;
  path: readonly Hash[];
}): boolean {
  const { fromSize, toSize, fromRoot, toRoot } = proof;
  if (!isIndexBelow(fromSize, toSize + 1)) return false;
  if (fromSize === 0 && !equalBytes(fromRoot, EMPTY_ROOT)) return false;
  if (fromSize === toSize) return proof.path.length === 0 && equalBytes(fromRoot, toRoot);
  if (fromSize === 0) return proof.path.length === 0;
  const path = isPowerOfTwo(fromSize) ? [fromRoot, ...proof.path] : proof.path;
  let position = fromSize - 1;
  let last = toSize - 1;
  while (position % 2 === 1) {
    position = (position - 1) / 2;
    last = Math.floor(last / 2);
  }
  const [first, ...siblings] = path;
  if (!first) return false;
  let fromHash = first;
  let toHash = first;
  for (const sibling of siblings) {
    if (last === 0) return false;
    if (position % 2 === 1 || position === last) {
      fromHash = nodeHash(sibling, fromHash);
      toHash = nodeHash(sibling, toHash);
      while (position % 2 === 0 && position !== 0) {
        position /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      toHash = nodeHash(toHash, sibling);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equalBytes(fromHash, fromRoot) && equalBytes(toHash, toRoot);
}

/** Leaves [start, end): each hash of a proof is the root over one such range. */
interface LeafRange {
  readonly start: number;
  readonly end: number;
}

function inclusionRanges(at: { leafIndex: number; treeSize: number }): LeafRange[] {
  if (at.leafIndex < 0 || at.leafIndex >= at.treeSize) throw new RangeError('the leaf is not in the tree');
  const ranges: LeafRange[] = [];
  let start = 0;
  let end = at.treeSize;
  while (end - start > 1) {
    const middle = start + largestPowerOfTwoBelow(end - start);
    const isLeft = at.leafIndex < middle;
    ranges.push(isLeft ? { start: middle, end } : { start, end: middle });
    if (isLeft) end = middle;
    else start = middle;
  }
  return ranges.reverse();
}

function consistencyRanges(sizes: { fromSize: number; toSize: number }): LeafRange[] {
  if (sizes.fromSize <= 0 || sizes.fromSize > sizes.toSize) throw new RangeError('a proof needs 0 < fromSize ≤ toSize');
  const ranges: LeafRange[] = [];
  let start = 0;
  let end = sizes.toSize;
  while (sizes.fromSize !== end) {
    const middle = start + largestPowerOfTwoBelow(end - start);
    if (sizes.fromSize <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  // The subtree that both trees share: known to whoever holds the old root, unless it is not the whole old tree.
  if (start !== 0) ranges.push({ start, end });
  return ranges.reverse();
}

function subtreeRoot({ start, end }: LeafRange, readNode: ReadNode): Hash {
  return foldPeaks(subtreesOf(start, end).map(readNode));
}

function foldPeaks(peaks: readonly Hash[]): Hash {
  const last = peaks.at(-1);
  if (!last) return EMPTY_ROOT;
  return asHash(peaks.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last));
}

/** The largest power of two below `count`, where RFC 6962 splits a tree; 1 for `count` up to 2. */
export function largestPowerOfTwoBelow(count: number): number {
  let power = 1;
  while (2 * power < count) power *= 2;
  return power;
}

function isPowerOfTwo(count: number): boolean {
  return largestPowerOfTwoBelow(count + 1) === count;
}

function isIndexBelow(index: number, limit: number): boolean {
  return Number.isSafeInteger(index) && Number.isSafeInteger(limit) && index >= 0 && index < limit;
}
