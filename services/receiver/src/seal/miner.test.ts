// The miner's thread: what it gives, how it dies, and that none is left behind. Threads are seen through process 'worker' events.

import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { decodeHeader, headerHash } from '@telltale/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../testing/until.ts';
import type { MiningRun } from './mine-run.ts';
import { Miner } from './miner.ts';

/** One block that any nonce satisfies, unless a test asks for more. */
function runOf(change: Partial<MiningRun> = {}): MiningRun {
  return {
    parent: { index: 7, hash: new Uint8Array(32), timestampUs: 1_700_000_000_000_000 },
    lane: new Uint8Array(12),
    difficultyBits: 0,
    nonceLimit: 2 ** 32,
    blocks: [{ logRoot: new Uint8Array(32), logSize: 3, lastReceivedAtUs: 0 }],
    budgetMs: 1_000,
    ...change,
  };
}

/** More work than a test can wait for. */
const endless = runOf({ difficultyBits: 255 });
const never = new AbortController().signal;

describe('Miner', () => {
  let miner: Miner;
  let threads: Worker[];
  const keepThread = (worker: Worker) => threads.push(worker);

  beforeEach(() => {
    threads = [];
    miner = new Miner();
    process.on('worker', keepThread);
  });
  afterEach(async () => {
    await miner.stop();
    process.off('worker', keepThread);
  });

  it('mines run after run in one thread', async () => {
    const [first] = await miner.mine(runOf(), never);
    if (!first) throw new Error('nothing was mined');
    const parent = { index: 8, hash: headerHash(first), timestampUs: 1 };
    const [second] = await miner.mine(runOf({ parent }), never);
    const header = decodeHeader(second ?? new Uint8Array(0));
    expect(header.ok && header.value.index).toBe(9);
    expect(header.ok && header.value.previousHash).toEqual(new Uint8Array(headerHash(first)));
    expect(threads).toHaveLength(1);
  });

  it('ends an aborted run with what it has, and mines the next one in the same thread', async () => {
    const abort = new AbortController();
    const mining = miner.mine(endless, abort.signal);
    abort.abort();
    expect(await mining).toEqual([]);
    expect(await miner.mine(runOf(), never)).toHaveLength(1);
    expect(threads).toHaveLength(1);
  });

  it('starts nothing when it was aborted before', async () => {
    expect(await miner.mine(runOf(), AbortSignal.abort())).toEqual([]);
    expect(threads).toEqual([]);
  });

  it('rejects when the thread throws, and the next run works', async () => {
    const broken = runOf({ parent: { index: 0.5, hash: new Uint8Array(32), timestampUs: 0 } });
    await expect(miner.mine(broken, never)).rejects.toThrow(/not an integer/);
    expect(await miner.mine(runOf(), never)).toHaveLength(1);
    expect(threads).toHaveLength(2);
  });

  it('rejects when the thread is ended while it mines, and the next run works', async () => {
    const mining = miner.mine(endless, never);
    const rejected = expect(mining).rejects.toThrow('the mining thread ended');
    await until('the thread is started', () => threads.length === 1);
    await threads[0]?.terminate();
    await rejected;
    expect(await miner.mine(runOf(), never)).toHaveLength(1);
  });

  it('starts another thread when the last one ended between two runs', async () => {
    await miner.mine(runOf(), never);
    await threads[0]?.terminate();
    expect(await miner.mine(runOf(), never)).toHaveLength(1);
    expect(threads).toHaveLength(2);
  });

  it('leaves no thread behind once it is stopped', async () => {
    await miner.mine(runOf(), never);
    const [thread] = threads;
    if (!thread) throw new Error('there is no thread');
    const ended = once(thread, 'exit');
    await miner.stop();
    await ended;
    expect(thread.threadId).toBe(-1);
  });

  it('can be stopped without ever having mined', async () => {
    await expect(miner.stop()).resolves.toBeUndefined();
  });
});
