// Which pending leaves make the next blocks: the sentences of format.md "Kinds 2 and 3", and what holds for every log.

import { LEAF_KIND, type LeafKind } from '@telltale/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batch } from './batch-rule.ts';

const AT_US = 1_700_000_000_000_000;
const { reading, keyEnrolled, keyRevoked } = LEAF_KIND;

const maxBlocks = 100;

const pendingOf = (kinds: readonly LeafKind[]) => kinds.map((kind) => ({ kind, receivedAtUs: AT_US }));

describe('batch', () => {
  it('ends a block right after its n-th reading', () => {
    const pending = pendingOf([reading, reading, reading, reading, reading]);
    const rule = { transactionsPerBlock: 2, blockMaxWaitMs: 5_000, maxBlocks, nowUs: AT_US };
    expect(batch(pending, rule)).toEqual({ sizes: [2, 2], dueAtUs: AT_US + 5_000_000 });
  });

  it('makes no more blocks than asked for, and says nothing of the rest', () => {
    const pending = pendingOf([reading, keyEnrolled, reading, reading, reading, reading]);
    const rule = { transactionsPerBlock: 1, blockMaxWaitMs: 5_000, nowUs: AT_US + 10_000_000 };
    expect(batch(pending, { ...rule, maxBlocks: 2 })).toEqual({ sizes: [1, 2] });
  });

  it('lets registry leaves ride along without counting them', () => {
    const pending = pendingOf([keyEnrolled, reading, keyEnrolled, keyRevoked, reading, keyEnrolled, reading]);
    const rule = { transactionsPerBlock: 2, blockMaxWaitMs: 5_000, maxBlocks, nowUs: AT_US };
    expect(batch(pending, rule).sizes).toEqual([5]);
  });

  it('leaves registry leaves that follow the n-th reading to the next block', () => {
    const pending = pendingOf([reading, keyRevoked]);
    expect(batch(pending, { transactionsPerBlock: 1, blockMaxWaitMs: 0, maxBlocks, nowUs: AT_US }).sizes).toEqual([1]);
  });

  it('makes a partial block once its oldest leaf has waited blockMaxWaitMs, and not before', () => {
    const pending = [
      { kind: reading, receivedAtUs: AT_US },
      { kind: reading, receivedAtUs: AT_US + 900_000 },
    ];
    const rule = { transactionsPerBlock: 3, blockMaxWaitMs: 1_000, maxBlocks };
    expect(batch(pending, { ...rule, nowUs: AT_US + 999_999 })).toEqual({ sizes: [], dueAtUs: AT_US + 1_000_000 });
    expect(batch(pending, { ...rule, nowUs: AT_US + 1_000_000 })).toEqual({ sizes: [2] });
  });

  it('counts the wait of a partial block from its own oldest leaf, not from that of the full block before', () => {
    const pending = [
      { kind: reading, receivedAtUs: AT_US },
      { kind: reading, receivedAtUs: AT_US + 700_000 },
    ];
    const rule = { transactionsPerBlock: 1, blockMaxWaitMs: 1_000, maxBlocks, nowUs: AT_US + 1_000_000 };
    expect(batch(pending, rule).sizes).toEqual([1, 1]);
    const two = { ...rule, transactionsPerBlock: 2 };
    const later = [...pending, { kind: reading, receivedAtUs: AT_US + 800_000 }];
    expect(batch(later, two)).toEqual({ sizes: [2], dueAtUs: AT_US + 1_800_000 });
  });

  it('does not wait for a received_at that lies ahead because the clock was set back', () => {
    const pending = pendingOf([reading]);
    const rule = { transactionsPerBlock: 2, blockMaxWaitMs: 5_000, maxBlocks, nowUs: AT_US - 3_600_000_000 };
    expect(batch(pending, rule)).toEqual({ sizes: [1] });
  });

  it('waits for ever with a blockMaxWaitMs of 0', () => {
    const pending = pendingOf([keyEnrolled, reading]);
    const rule = { transactionsPerBlock: 2, blockMaxWaitMs: 0, maxBlocks, nowUs: AT_US + 1e15 };
    expect(batch(pending, rule)).toEqual({ sizes: [] });
  });

  it.each([0, 60_000])('seals registry leaves alone after 5 s, whatever blockMaxWaitMs is (%i)', (blockMaxWaitMs) => {
    const pending = pendingOf([keyEnrolled, keyRevoked]);
    const rule = { transactionsPerBlock: 2, blockMaxWaitMs, maxBlocks };
    expect(batch(pending, { ...rule, nowUs: AT_US + 4_999_999 })).toEqual({ sizes: [], dueAtUs: AT_US + 5_000_000 });
    expect(batch(pending, { ...rule, nowUs: AT_US + 5_000_000 })).toEqual({ sizes: [2] });
  });

  it('makes nothing of nothing', () => {
    expect(batch([], { transactionsPerBlock: 1, blockMaxWaitMs: 1, maxBlocks, nowUs: AT_US })).toEqual({ sizes: [] });
  });

  it('for every log: full blocks hold exactly n readings and end with one, and only the last may be partial', () => {
    const kinds = fc.array(fc.constantFrom(reading, reading, keyEnrolled, keyRevoked), { maxLength: 60 });
    const property = fc.property(kinds, fc.integer({ min: 1, max: 7 }), fc.boolean(), (log, n, isDue) => {
      const nowUs = isDue ? AT_US + 10_000_000 : AT_US;
      const { sizes } = batch(pendingOf(log), { transactionsPerBlock: n, blockMaxWaitMs: 1_000, maxBlocks, nowUs });
      const taken = sizes.reduce((sum, size) => sum + size, 0);
      const readings = log.filter((kind) => kind === reading).length;
      expect(sizes.every((size) => size > 0)).toBe(true);
      expect(taken).toBeLessThanOrEqual(log.length);
      if (isDue) expect(taken).toBe(log.length);
      const full = Math.floor(readings / n);
      expect(sizes.length).toBeGreaterThanOrEqual(full);
      expect(sizes.length).toBeLessThanOrEqual(full + (isDue ? 1 : 0));
      let start = 0;
      for (const size of sizes.slice(0, full)) {
        const block = log.slice(start, start + size);
        expect(block.filter((kind) => kind === reading)).toHaveLength(n);
        expect(block.at(-1)).toBe(reading);
        start += size;
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});
