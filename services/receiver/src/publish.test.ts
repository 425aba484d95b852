// Who waits for the log to grow is answered when it has grown, when the time is over, or when the service stops.

import { asHash, EMPTY_ROOT } from '@telltale/ledger';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Publisher } from './publish.ts';
import type { Head } from './store/block-store.ts';

function head(index: number, logSize: number): Head {
  const zeros = asHash(new Uint8Array(32));
  const lane = new Uint8Array(12);
  const header = { index, previousHash: zeros, timestampUs: index, lane, logRoot: EMPTY_ROOT, logSize };
  return { header: { ...header, difficultyBits: 0, nonce: 0n }, hash: zeros };
}

describe('Publisher', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('answers at once where the leaves are sealed already', async () => {
    const publisher = new Publisher(head(3, 10));
    expect(await publisher.untilSealed(10, 1_000)).toBe(true);
    expect(publisher.isAwaited).toBe(false);
  });

  it('answers each waiter with the first block that reaches its leaf', async () => {
    const publisher = new Publisher(head(0, 0));
    const answers: string[] = [];
    const both = [
      publisher.untilSealed(2, 60_000).then(() => answers.push('two')),
      publisher.untilSealed(3, 60_000).then(() => answers.push('three')),
    ];
    publisher.publish(head(1, 2));
    await both[0];
    expect(answers).toEqual(['two']);
    expect(publisher.isAwaited).toBe(true);
    publisher.publish(head(2, 4));
    await Promise.all(both);
    expect(answers).toEqual(['two', 'three']);
    expect(publisher.isAwaited).toBe(false);
  });

  it('says false when the time is over', async () => {
    const publisher = new Publisher(head(0, 0));
    const waiting = publisher.untilSealed(1, 1_000);
    vi.advanceTimersByTime(1_000);
    expect(await waiting).toBe(false);
    expect(publisher.isAwaited).toBe(false);
  });

  it('passes over a block that is not newer than what it knows', () => {
    const publisher = new Publisher(head(5, 10));
    publisher.publish(head(5, 99));
    publisher.publish(head(4, 99));
    expect(publisher.head.header).toMatchObject({ index: 5, logSize: 10 });
  });

  it('answers everybody with false when it stops', async () => {
    const publisher = new Publisher(head(0, 0));
    const waiting = [publisher.untilSealed(1, 60_000), publisher.untilSealed(2, 60_000)];
    publisher.stop();
    expect(await Promise.all(waiting)).toEqual([false, false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('answers at once with false past its bound of waiters', async () => {
    const publisher = new Publisher(head(0, 0));
    const waiting = Array.from({ length: 10_000 }, () => publisher.untilSealed(1, 60_000));
    expect(await publisher.untilSealed(1, 60_000)).toBe(false);
    publisher.publish(head(1, 1));
    expect((await Promise.all(waiting)).every((isSealed) => isSealed)).toBe(true);
  });
});
