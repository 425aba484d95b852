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

/** A wait for this log size by a request with one receipt. */
const oneReceipt = (logSize: number, timeoutMs = 60_000) => ({ logSize, receipts: 1, timeoutMs });

describe('Publisher', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('answers at once where the leaves are sealed already', async () => {
    const publisher = new Publisher(head(3, 10));
    expect(await publisher.untilSealed({ logSize: 10, receipts: 1, timeoutMs: 1_000 })).toBe(true);
    expect(publisher.isAwaited).toBe(false);
  });

  it('answers each waiter with the first block that reaches its leaf', async () => {
    const publisher = new Publisher(head(0, 0));
    const answers: string[] = [];
    const both = [
      publisher.untilSealed(oneReceipt(2)).then(() => answers.push('two')),
      publisher.untilSealed(oneReceipt(3)).then(() => answers.push('three')),
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
    const waiting = publisher.untilSealed(oneReceipt(1, 1_000));
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
    const waiting = [publisher.untilSealed(oneReceipt(1)), publisher.untilSealed(oneReceipt(2))];
    publisher.stop();
    expect(await Promise.all(waiting)).toEqual([false, false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('answers at once with false once 5,000 receipts wait, and holds more for a request that waits alone', async () => {
    const publisher = new Publisher(head(0, 0));
    const wait = (receipts: number, logSize: number) => publisher.untilSealed({ logSize, receipts, timeoutMs: 60_000 });
    const first = wait(4_000, 1);
    const second = wait(1_000, 2);
    expect(await wait(1, 2)).toBe(false);
    publisher.publish(head(1, 1));
    expect(await first).toBe(true);
    // What the first held is free again, once.
    const third = wait(4_000, 3);
    expect(await wait(1, 3)).toBe(false);
    publisher.publish(head(2, 3));
    expect(await Promise.all([second, third])).toEqual([true, true]);
    const alone = wait(100_000, 4);
    expect(await wait(1, 4)).toBe(false);
    publisher.publish(head(3, 4));
    expect(await alone).toBe(true);
  });
});
