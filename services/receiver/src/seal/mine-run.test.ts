// Mining runs against the golden chain, the legacy rule of liotbchain and format.md's rule for nonces that run out.

import { decodeHeader, type Header, headerHash, meetsDifficulty, toHex } from '@telltale/ledger';
import { describe, expect, it } from 'vitest';
import { bytesOf, readGolden } from '../../../../packages/ledger/src/testing/golden.ts';
import { type MiningRun, mineRun } from './mine-run.ts';

const { vectors } = readGolden();

function headerOf(bytes: Uint8Array): Header {
  const header = decodeHeader(bytes);
  if (!header.ok) throw new Error(header.message);
  return header.value;
}

const golden = vectors.blocks.map((block) => ({
  bytes: bytesOf(block.header),
  header: headerOf(bytesOf(block.header)),
}));

/** Consecutive targets on the golden genesis. */
function runOf(options: { blocks: number; difficultyBits: number; nonceLimit: number; budgetMs?: number }): MiningRun {
  const [genesis] = golden;
  if (!genesis) throw new Error('there is no golden genesis');
  const { index, timestampUs, lane } = genesis.header;
  return {
    parent: { index, hash: headerHash(genesis.bytes), timestampUs },
    lane,
    difficultyBits: options.difficultyBits,
    nonceLimit: options.nonceLimit,
    blocks: Array.from({ length: options.blocks }, (_, i) => ({
      logRoot: new Uint8Array(32).fill(i + 1),
      logSize: 2 * (i + 1),
      lastReceivedAtUs: timestampUs + 10 * (i + 1),
    })),
    budgetMs: options.budgetMs ?? 60_000,
  };
}

/** A clock that stands still, so that a run never ends for its budget. */
const frozenAt = (us: number) => ({ nowUs: () => us, isStopped: () => false });

describe('mineRun', () => {
  it('mines every golden header again, to the byte', () => {
    expect(golden.length).toBeGreaterThan(2);
    for (const [i, { bytes, header }] of golden.entries()) {
      const parent = golden[i - 1];
      if (!parent) continue;
      const { index, timestampUs } = parent.header;
      const run: MiningRun = {
        parent: { index, hash: headerHash(parent.bytes), timestampUs },
        lane: header.lane,
        difficultyBits: header.difficultyBits,
        nonceLimit: 2 ** 32,
        blocks: [{ logRoot: header.logRoot, logSize: header.logSize, lastReceivedAtUs: 0 }],
        budgetMs: 0,
      };
      const [mined] = mineRun(run, frozenAt(header.timestampUs));
      expect(mined && toHex(mined)).toBe(toHex(bytes));
    }
  });

  it.each([0, 1, 2, 3, 4])(
    'finds a hash whose hexadecimal form begins with %i zeros, as liotbchain’s DIFFICULTY says',
    (digits) => {
      const run = runOf({ blocks: 1, difficultyBits: 4 * digits, nonceLimit: 10_000_000 });
      const [mined] = mineRun(run, frozenAt(run.parent.timestampUs + 100));
      if (!mined) throw new Error('nothing was mined');
      expect(toHex(headerHash(mined)).startsWith('0'.repeat(digits))).toBe(true);
      expect(headerOf(mined).difficultyBits).toBe(4 * digits);
    },
  );

  it('renews the timestamp to one later when no nonce below the limit fits and the clock stands, and drops no block', () => {
    const run = runOf({ blocks: 5, difficultyBits: 8, nonceLimit: 3 });
    const startUs = run.parent.timestampUs + 1_000;
    const headers = mineRun(run, frozenAt(startUs)).map((bytes) => ({ bytes, header: headerOf(bytes) }));
    expect(headers.map(({ header }) => header.logSize)).toEqual([2, 4, 6, 8, 10]);
    let before = { timestampUs: startUs - 1, hash: run.parent.hash };
    let renewals = 0;
    for (const { bytes, header } of headers) {
      expect(header.nonce).toBeLessThan(3n);
      expect(meetsDifficulty(headerHash(bytes), 8)).toBe(true);
      expect(toHex(header.previousHash)).toBe(toHex(before.hash));
      expect(header.timestampUs).toBeGreaterThan(before.timestampUs);
      renewals += header.timestampUs - before.timestampUs - 1;
      before = { timestampUs: header.timestampUs, hash: headerHash(bytes) };
    }
    // With three nonces a header at one chance in 256 each, five headers without a single renewal would be a broken search.
    expect(renewals).toBeGreaterThan(0);
  });

  it('renews the timestamp to the clock where that has moved on', () => {
    const run = runOf({ blocks: 1, difficultyBits: 8, nonceLimit: 1 });
    const startUs = run.parent.timestampUs + 1_000;
    let looks = 0;
    const [mined] = mineRun(run, { nowUs: () => startUs + 50 * looks++, isStopped: () => false });
    const renewedByUs = (mined ? headerOf(mined).timestampUs : 0) - startUs;
    expect(renewedByUs).toBeGreaterThan(0);
    expect(renewedByUs % 50).toBe(0);
  });

  it('never stamps a block before its last leaf or at its parent’s time, even when the clock jumped back', () => {
    const run = runOf({ blocks: 2, difficultyBits: 0, nonceLimit: 1 });
    const headers = mineRun({ ...run, budgetMs: 1_000 }, frozenAt(5)).map(headerOf);
    const [first, second] = headers;
    expect(first?.timestampUs).toBe(run.blocks[0]?.lastReceivedAtUs);
    expect(second?.timestampUs).toBe(run.blocks[1]?.lastReceivedAtUs);
    const old = run.blocks.map((target) => ({ ...target, lastReceivedAtUs: 0 }));
    const stamped = mineRun({ ...run, blocks: old }, frozenAt(5)).map((bytes) => headerOf(bytes).timestampUs);
    expect(stamped).toEqual([run.parent.timestampUs + 1, run.parent.timestampUs + 2]);
  });

  it('gives the first block even when its time is over at once, and no more than that', () => {
    const run = runOf({ blocks: 10, difficultyBits: 0, nonceLimit: 1, budgetMs: 0 });
    expect(mineRun(run, frozenAt(run.parent.timestampUs))).toHaveLength(1);
  });

  it('ends with what it has when it is told to stop', () => {
    const run = runOf({ blocks: 3, difficultyBits: 255, nonceLimit: 2 ** 32 });
    let looks = 0;
    expect(mineRun(run, { nowUs: () => 0, isStopped: () => ++looks === 3 })).toEqual([]);
    expect(looks).toBe(3);
  });
});
