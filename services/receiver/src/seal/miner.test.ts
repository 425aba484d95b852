// The miner's thread: what it gives, how it dies, and that none is left behind. Threads are seen through process 'worker' events.

import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { Worker } from 'node:worker_threads';
import { decodeHeader, encodeHeader, headerHash, meetsDifficulty, searchNonce, toHex } from '@telltale/ledger';
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
    miner = new Miner({ threads: 1 });
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

  it('mines a chain in one run, each block on the hash of the one before', async () => {
    const target = { logRoot: new Uint8Array(32), logSize: 3, lastReceivedAtUs: 0 };
    const headers = await miner.mine(runOf({ difficultyBits: 8, blocks: Array(20).fill(target) }), never);
    expect(headers).toHaveLength(20);
    let previous = new Uint8Array(32);
    for (const bytes of headers) {
      const header = decodeHeader(bytes);
      expect(header.ok && toHex(header.value.previousHash)).toBe(toHex(previous));
      expect(meetsDifficulty(headerHash(bytes), 8)).toBe(true);
      previous = Uint8Array.from(headerHash(bytes));
    }
  });
});

/** The nice value of each thread of this process (proc(5): field 19 of stat, counted from behind the name). */
function taskPriorities(): number[] {
  return readdirSync('/proc/self/task').flatMap((task) => {
    try {
      const stat = readFileSync(`/proc/self/task/${task}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
    } catch {
      // The thread ended since the folder was listed.
      return [];
    }
  });
}

describe('Miner with several threads', () => {
  /** The least difficulty that is shared. */
  const difficultyBits = 20;
  let miner: Miner;
  let threads: Worker[];
  const keepThread = (worker: Worker) => threads.push(worker);

  beforeEach(() => {
    threads = [];
    miner = new Miner({ threads: 3 });
    process.on('worker', keepThread);
  });
  afterEach(async () => {
    await miner.stop();
    process.off('worker', keepThread);
  });

  /** Whether no nonce below the header's own fits: what one thread alone would have found. */
  function hasLowestNonce(bytes: Uint8Array): boolean {
    const header = decodeHeader(bytes);
    if (!header.ok) throw new Error(header.message);
    const nonce = Number(header.value.nonce);
    const lower = { firstNonce: 0, endNonce: nonce, difficultyBits };
    return (
      searchNonce(encodeHeader(header.value), lower) === undefined && meetsDifficulty(headerHash(bytes), difficultyBits)
    );
  }

  it('finds the nonces that one thread would find, header after header', async () => {
    const target = { logRoot: new Uint8Array(32), logSize: 3, lastReceivedAtUs: 0 };
    const headers = await miner.mine(
      runOf({ difficultyBits, blocks: [target, target, target], budgetMs: 60_000 }),
      never,
    );
    expect(threads).toHaveLength(3);
    expect(headers).toHaveLength(3);
    expect(headers.every(hasLowestNonce)).toBe(true);
  });

  it('finds them without WebAssembly SIMD too', async () => {
    await miner.stop();
    miner = new Miner({ threads: 2, kernel: () => undefined });
    const [mined] = await miner.mine(runOf({ difficultyBits }), never);
    expect(mined && hasLowestNonce(mined)).toBe(true);
  });

  it('renews the timestamp once all nonces below the limit were tried, and goes on', async () => {
    const nonceLimit = 50_001;
    const [mined] = await miner.mine(runOf({ difficultyBits, nonceLimit }), never);
    const header = decodeHeader(mined ?? new Uint8Array(0));
    expect(header.ok && header.value.nonce < BigInt(nonceLimit)).toBe(true);
    expect(mined && hasLowestNonce(mined)).toBe(true);
  });

  it('ends an aborted run, and mines the next one with the same threads', async () => {
    const abort = new AbortController();
    const mining = miner.mine(endless, abort.signal);
    await until('the threads are started', () => threads.length === 3);
    abort.abort();
    expect(await mining).toEqual([]);
    expect(await miner.mine(runOf({ difficultyBits }), never)).toHaveLength(1);
    expect(threads).toHaveLength(3);
  });

  it.runIf(process.platform === 'linux')(
    'gives the threads of a hard run, and only them, the lowest priority',
    async () => {
      const before = taskPriorities();
      const abort = new AbortController();
      const mining = miner.mine(endless, abort.signal);
      await until('three threads stand back', () => taskPriorities().filter((nice) => nice === 19).length >= 3);
      expect(taskPriorities().filter((nice) => nice === 0).length).toBeGreaterThanOrEqual(before.length);
      abort.abort();
      await mining;
    },
  );

  it.each(['the leader', 'a helper'])('rejects when %s ends while it mines, and the next run works', async (who) => {
    const mining = miner.mine(endless, never);
    const rejected = expect(mining).rejects.toThrow('the mining thread ended');
    await until('the threads are started', () => threads.length === 3);
    await threads[who === 'the leader' ? 0 : 2]?.terminate();
    await rejected;
    expect(await miner.mine(runOf({ difficultyBits }), never)).toHaveLength(1);
    expect(threads).toHaveLength(6);
  });

  it('leaves no thread behind, whether it searches or sleeps', async () => {
    const mining = miner.mine(endless, never);
    const rejected = expect(mining).rejects.toThrow('the mining thread ended');
    await until('the threads are started', () => threads.length === 3);
    await miner.stop();
    await rejected;
    await miner.mine(runOf({ difficultyBits }), never);
    await miner.stop();
    expect(threads.map(({ threadId }) => threadId)).toEqual(threads.map(() => -1));
  });
});
