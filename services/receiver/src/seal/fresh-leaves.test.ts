// Leaves on their way to the sealer: only what follows on without a gap is believed.

import { asHash, LEAF_KIND } from '@telltale/ledger';
import { describe, expect, it } from 'vitest';
import { FreshLeaves } from './fresh-leaves.ts';

const leavesOf = (start: number, end: number) =>
  Array.from({ length: end - start }, (_, i) => ({
    kind: LEAF_KIND.reading,
    leafIndex: start + i,
    receivedAtUs: 1,
    hash: asHash(new Uint8Array(32)),
  }));

const indexes = (fresh: FreshLeaves, from: number) => fresh.takeFrom(from).map(({ leafIndex }) => leafIndex);

describe('FreshLeaves', () => {
  it('gives what was added, from the asked index on, and once', () => {
    const fresh = new FreshLeaves();
    fresh.add(leavesOf(5, 7));
    fresh.add(leavesOf(7, 9));
    expect(indexes(fresh, 6)).toEqual([6, 7, 8]);
    expect(indexes(fresh, 6)).toEqual([]);
  });

  it('gives nothing where the first asked leaf is missing: the database has it', () => {
    const fresh = new FreshLeaves();
    fresh.add(leavesOf(5, 7));
    expect(indexes(fresh, 4)).toEqual([]);
  });

  it('forgets what lies before a gap, in which another receiver accepted leaves', () => {
    const fresh = new FreshLeaves();
    fresh.add(leavesOf(0, 3));
    fresh.add(leavesOf(5, 7));
    expect(indexes(fresh, 5)).toEqual([5, 6]);
    fresh.add(leavesOf(0, 3));
    fresh.add(leavesOf(5, 7));
    expect(indexes(fresh, 0)).toEqual([]);
  });

  it('holds a bounded number: more than that, only the newest', () => {
    const fresh = new FreshLeaves();
    fresh.add(leavesOf(0, 16_384));
    fresh.add(leavesOf(16_384, 16_386));
    expect(indexes(fresh, 0)).toEqual([]);
    fresh.add(leavesOf(0, 16_384));
    fresh.add(leavesOf(16_384, 16_386));
    expect(indexes(fresh, 16_384)).toEqual([16_384, 16_385]);
  });

  it('holds a bounded number of the sequence numbers of lists', () => {
    const fresh = new FreshLeaves();
    const seqs = Array.from({ length: 10_000 }, (_, i) => i);
    const listAt = (leafIndex: number) =>
      leavesOf(leafIndex, leafIndex + 1).map((leaf) => ({
        ...leaf,
        reading: { device: 'a', leafIndex, receivedAtUs: 1, seqs },
      }));
    for (let i = 0; i < 102; i++) fresh.add(listAt(i));
    expect(indexes(fresh, 0)).toEqual([]);
    for (let i = 0; i < 102; i++) fresh.add(listAt(i));
    expect(indexes(fresh, 101)).toEqual([101]);
  });

  it('takes a commit that added nothing', () => {
    const fresh = new FreshLeaves();
    fresh.add(leavesOf(0, 2));
    fresh.add([]);
    expect(indexes(fresh, 0)).toEqual([0, 1]);
  });
});
