// A tree of 100 leaves for tests of proofs, and hashes with one bit flipped.

import { utf8 } from '../bytes.ts';
import { asHash, type Hash } from '../hash.ts';
import { leafHash } from '../leaf.ts';
import { MerkleTree } from '../merkle.ts';

/** Leaves of the tree. Every smaller size is tested as well: enough for seven levels, and every way in which subtrees can be cut. */
export const MAX_SIZE = 100;

export const tree = new MerkleTree(Array.from({ length: MAX_SIZE }, (_, i) => leafHash(utf8(`leaf ${i}`))));

/** The leaf hashes [start, end) of the tree. */
export function leavesOf(start: number, end: number): Hash[] {
  return Array.from({ length: end - start }, (_, i) => tree.node({ level: 0, index: start + i }));
}

/** The hash with one of its 256 bits flipped. */
export function flip(hash: Hash, bit: number): Hash {
  const at = bit >> 3;
  return asHash(Uint8Array.from(hash).with(at, (hash[at] ?? 0) ^ (1 << (bit & 7))));
}
