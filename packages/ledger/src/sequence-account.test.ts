// Sequence numbers: gaps and duplicates, in any order, against a plain set; states that are stored and gone on from.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeviceSequence, SequenceAccount } from './sequence-account.ts';

describe('the sequence of a device', () => {
  it('has no gaps when every number comes once', () => {
    const sequence = sequenceOf([5, 6, 7]);
    expect(sequence.gaps()).toEqual([]);
    expect([sequence.firstSeq, sequence.lastSeq, sequence.missing()]).toEqual([5, 7, 0]);
    expect(sequence.state()).toMatchObject({ readings: 3, duplicates: 0, withoutSeq: 0, seen: [{ start: 5, end: 8 }] });
  });

  it('names the numbers that are missing, until they come', () => {
    const sequence = sequenceOf([1, 2, 5, 9]);
    expect(sequence.gaps()).toEqual([
      { start: 3, end: 5 },
      { start: 6, end: 9 },
    ]);
    expect(sequence.missing()).toBe(5);
    for (const seq of [4, 3]) sequence.take({ seq, receivedAtUs: 1 });
    expect(sequence.gaps()).toEqual([{ start: 6, end: 9 }]);
    expect(sequence.state().duplicates).toBe(0);
  });

  it('counts a number that comes again, and readings without one', () => {
    const sequence = sequenceOf([1, 1, undefined, 2, 1]);
    expect(sequence.state()).toMatchObject({ readings: 5, duplicates: 2, withoutSeq: 1 });
  });

  it('knows when it was first and last heard', () => {
    const sequence = new DeviceSequence();
    expect(sequence.state()).toEqual({ readings: 0, withoutSeq: 0, duplicates: 0, seen: [], missingUnplaced: 0 });
    expect([sequence.firstSeq, sequence.lastSeq]).toEqual([undefined, undefined]);
    for (const receivedAtUs of [10, 20, 30]) sequence.take({ receivedAtUs });
    expect(sequence.state()).toMatchObject({ firstReceivedAtUs: 10, lastReceivedAtUs: 30 });
  });

  it('takes every number of a list as a reading of its own, and a list without two as one reading', () => {
    const sequence = new DeviceSequence();
    sequence.take({ seq: 3, seqs: [1, 2, 2, 5], receivedAtUs: 10 });
    sequence.take({ seq: 4, receivedAtUs: 20 });
    sequence.take({ receivedAtUs: 30 });
    expect(sequence.gaps()).toEqual([{ start: 3, end: 4 }]);
    expect(sequence.state()).toMatchObject({ readings: 6, duplicates: 1, withoutSeq: 1, lastReceivedAtUs: 30 });
  });

  it('agrees with a plain set of numbers, whatever the order and wherever it is stored between', () => {
    const numbers = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 60 });
    fc.assert(
      fc.property(numbers, fc.nat({ max: 60 }), (seqs, storedAt) => {
        const set = new Set(seqs);
        const before = sequenceOf(seqs.slice(0, storedAt));
        const sequence = DeviceSequence.from(JSON.parse(JSON.stringify(before.state())));
        for (const seq of seqs.slice(storedAt)) sequence.take({ seq, receivedAtUs: 1 });
        const missing: number[] = [];
        for (let seq = Math.min(...set); seq < Math.max(...set); seq++) if (!set.has(seq)) missing.push(seq);
        const gaps = sequence
          .gaps()
          .flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i));
        expect(gaps).toEqual(missing);
        expect(sequence.missing()).toBe(missing.length);
        expect(sequence.state().duplicates).toBe(seqs.length - set.size);
        expect(sequence.state()).toEqual(sequenceOf(seqs).state());
      }),
    );
  });

  it('takes the highest numbers there are', () => {
    const sequence = sequenceOf([0, Number.MAX_SAFE_INTEGER]);
    expect(sequence.lastSeq).toBe(Number.MAX_SAFE_INTEGER);
    expect(sequence.missing()).toBe(Number.MAX_SAFE_INTEGER - 1);
  });

  it('stays bounded when every second number is missing, and still counts them', () => {
    const sequence = sequenceOf(Array.from({ length: 10_000 }, (_, i) => 2 * i));
    expect(sequence.state().seen).toHaveLength(4096);
    expect(sequence.missing()).toBe(9_999);
    expect([sequence.firstSeq, sequence.lastSeq]).toEqual([0, 19_998]);
    expect(sequence.gaps().at(-1)).toEqual({ start: 19_997, end: 19_998 });
  });
});

describe('the account of all devices', () => {
  it('keeps them apart, in the order in which they first spoke, and goes on from its state', () => {
    const account = new SequenceAccount();
    for (const [device, seq] of [
      ['b', 1],
      ['a', 1],
      ['b', 3],
      ['__proto__', 1],
    ] as const) {
      account.take({ device, seq, receivedAtUs: 7 });
    }
    expect(account.device('b')?.gaps()).toEqual([{ start: 2, end: 3 }]);
    expect(account.device('c')).toBeUndefined();
    expect([...account.devices()].map(([device]) => device)).toEqual(['b', 'a', '__proto__']);
    const again = SequenceAccount.from(JSON.parse(JSON.stringify(account.state())));
    again.take({ device: 'b', seq: 2, receivedAtUs: 8 });
    expect(again.device('b')?.missing()).toBe(0);
    expect(again.device('__proto__')?.lastSeq).toBe(1);
    expect(account.device('b')?.missing()).toBe(1);
  });
});

function sequenceOf(seqs: readonly (number | undefined)[]): DeviceSequence {
  const sequence = new DeviceSequence();
  for (const seq of seqs) sequence.take({ seq, receivedAtUs: 1 });
  return sequence;
}
