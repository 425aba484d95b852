// Accepted readings on their way to a plugin: in order, past failures, and without end where nobody takes them.

import { asHash, LEAF_KIND } from '@telltale/ledger';
import type { AcceptedReading } from '@telltale/plugin';
import { describe, expect, it } from 'vitest';
import { until } from '../testing/until.ts';
import { PluginFaults } from './plugin-faults.ts';
import { type AcceptedLeaves, ReadingFeed } from './reading-feed.ts';

const hash = asHash(new Uint8Array(32));
const silent = { info: () => undefined, warn: () => undefined };

/** A commit of so many readings of so many bytes, behind one registry leaf. */
function commit(start: number, readings: number, sizeBytes = 100): AcceptedLeaves {
  const numbers = Array.from({ length: readings + 1 }, (_, i) => start + i);
  const leaf = new Uint8Array(sizeBytes);
  const receivedAtUs = 5;
  return {
    stored: numbers.map((leafIndex) => ({ leafIndex, leaf, leafHash: hash, transactionId: hash, receivedAtUs })),
    leaves: numbers.map((leafIndex, i) => {
      if (i === 0) return { kind: LEAF_KIND.keyEnrolled, leafIndex, receivedAtUs, hash };
      return {
        kind: LEAF_KIND.reading,
        leafIndex,
        receivedAtUs,
        hash,
        reading: { device: 'a', leafIndex, receivedAtUs },
      };
    }),
  };
}

function makeFeed(onReading: (readings: readonly AcceptedReading[]) => Promise<void> | void) {
  const counts = { dropped: 0, faults: 0 };
  const feed = new ReadingFeed({
    onReading,
    onDropped: (readings) => {
      counts.dropped += readings;
    },
    faults: new PluginFaults({ log: silent, count: () => counts.faults++ }),
  });
  return { feed, counts };
}

describe('a feed of readings', () => {
  it('brings each commit’s readings once, in order, without registry leaves, also after a failure', async () => {
    const taken: number[][] = [];
    const { feed, counts } = makeFeed((readings) => {
      taken.push(readings.map(({ leafIndex }) => leafIndex));
      if (taken.length === 1) throw new Error('not this one');
    });
    for (const start of [0, 10, 20]) feed.add(commit(start, 2));
    await until('all are taken', () => taken.length === 3);
    expect(taken).toEqual([
      [1, 2],
      [11, 12],
      [21, 22],
    ]);
    expect(counts).toEqual({ dropped: 0, faults: 1 });
  });

  it.each([
    { what: 'many leaves', readings: 1_999, sizeBytes: 100, waiting: 10 },
    { what: 'large leaves', readings: 15, sizeBytes: 65_536, waiting: 16 },
  ])('drops the oldest of $what, and counts their readings, while the plugin never settles', async (size) => {
    const { readings, sizeBytes, waiting } = size;
    let first: () => void = () => undefined;
    const taken: number[] = [];
    const { feed, counts } = makeFeed((got) => {
      taken.push(got[0]?.leafIndex ?? -1);
      return taken.length > 1 ? undefined : new Promise((resolve) => (first = resolve));
    });
    feed.add(commit(0, 1));
    await until('the first is brought', () => taken.length === 1);
    for (let n = 1; n <= 40; n++) feed.add(commit(n * 10_000, readings, sizeBytes));
    expect(counts.dropped).toBe((40 - waiting) * readings);
    first();
    await until('the newest is taken', () => taken.includes(400_001));
    expect(taken).toEqual([1, ...Array.from({ length: waiting }, (_, i) => (40 - waiting + 1 + i) * 10_000 + 1)]);
  });

  it('brings nothing once it is stopped', async () => {
    const taken: number[] = [];
    const releases: (() => void)[] = [];
    const { feed } = makeFeed((got) => {
      taken.push(got.length);
      return new Promise((resolve) => releases.push(resolve));
    });
    feed.add(commit(0, 1));
    await until('one is brought', () => taken.length === 1);
    feed.add(commit(10, 1));
    feed.stop();
    feed.add(commit(20, 1));
    releases[0]?.();
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toEqual([1]);
  });
});
