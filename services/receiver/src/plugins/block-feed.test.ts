// Blocks on their way to a plugin that fails, stands still or is stopped. The chain is a real one in memory; the plugin is the test's.

import { makeSealedChain } from '@telltale/plugin/testing';
import { expect, it, onTestFinished } from 'vitest';
import { until } from '../testing/until.ts';
import { BlockFeed, type BlockFeedContext } from './block-feed.ts';

const chain = makeSealedChain({ blockCount: 9, readingsPerBlock: 1 });

/** A feed of pages of at most three blocks, up to `head`, that does not pause; and what came of it. */
function makeFeed(more: Partial<BlockFeedContext> & Pick<BlockFeedContext, 'onBlock'>) {
  const notes: string[] = [];
  const pages: number[] = [];
  const at = { head: chain.blocks.length - 1 };
  const feed = new BlockFeed({
    from: 0,
    head: () => at.head,
    readPage: ({ start, limit }) => {
      pages.push(start);
      return chain.blockReader.page({ start, limit: Math.min(limit, 3, at.head + 1 - start) });
    },
    faults: { note: (call, error) => notes.push(`${call}: ${String(error)}`), clear: () => undefined },
    backoffMs: () => 0,
    ...more,
  });
  onTestFinished(() => feed.stop());
  feed.start();
  return { feed, notes, pages, at };
}

it('brings every block in order from where it is told to, then each new one', async () => {
  const taken: number[] = [];
  const { feed, at } = makeFeed({ from: 2, onBlock: ({ blockIndex }) => void taken.push(blockIndex) });
  at.head = 5;
  feed.nudge();
  await until('five is taken', () => taken.includes(5));
  expect(feed.lag).toBe(0);
  at.head = 9;
  expect(feed.lag).toBe(4);
  feed.nudge();
  await until('nine is taken', () => taken.includes(9));
  expect(taken).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
});

it('brings a block again until it is taken, each pause after one failure more', async () => {
  const tried: number[] = [];
  const failures: number[] = [];
  const { notes } = makeFeed({
    onBlock: ({ blockIndex }) => {
      tried.push(blockIndex);
      if (blockIndex === 4 && tried.length < 8) throw new Error('not this one');
    },
    backoffMs: (count) => {
      failures.push(count);
      return 0;
    },
  });
  await until('nine is taken', () => tried.includes(9));
  expect(tried).toEqual([0, 1, 2, 3, 4, 4, 4, 4, 5, 6, 7, 8, 9]);
  expect(failures).toEqual([1, 2, 3]);
  expect(new Set(notes)).toEqual(new Set(['onBlock: Error: not this one']));
});

it('reads on only when the page that it holds is taken', async () => {
  const releases: (() => void)[] = [];
  const { feed, pages } = makeFeed({ onBlock: () => new Promise((resolve) => releases.push(resolve)) });
  for (let block = 0; block < 3; block++) {
    await until(`block ${block} is brought`, () => releases.length === block + 1);
    expect(pages).toEqual([0]);
    expect(feed.lag).toBe(10 - block);
    releases[block]?.();
  }
  await until('the next page is read', () => pages.length === 2);
  expect(pages).toEqual([0, 3]);
});

it('tries again when blocks cannot be read, or are missing', async () => {
  const taken: number[] = [];
  let reads = 0;
  const { notes } = makeFeed({
    onBlock: ({ blockIndex }) => void taken.push(blockIndex),
    readPage: async ({ start, limit }) => {
      reads++;
      if (reads === 1) throw new Error('away');
      return reads === 2 ? [] : chain.blockReader.page({ start, limit });
    },
  });
  await until('nine is taken', () => taken.includes(9));
  expect(taken).toHaveLength(10);
  expect(notes).toEqual(['readBlocks: Error: away', 'readBlocks: Error: block 0 is not stored']);
});

it('stops while the plugin holds a block for ever, and while it pauses', async () => {
  const hanging = makeFeed({ onBlock: () => new Promise(() => undefined) });
  const pausing = makeFeed({ onBlock: () => Promise.reject(new Error('never')), backoffMs: () => 2 ** 30 });
  await until('both are at it', () => hanging.pages.length === 1 && pausing.notes.length === 1);
  await Promise.all([hanging.feed.stop(), pausing.feed.stop()]);
  expect(pausing.notes).toHaveLength(1);
});
