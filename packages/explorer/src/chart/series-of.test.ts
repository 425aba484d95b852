// Series out of readings.

import { describe, expect, it } from 'vitest';
import { seriesOf } from './series-of.ts';

const reading = (received_at: number, data: Record<string, unknown>) => ({ received_at, data });

describe('series of readings', () => {
  it('are the members that are numbers, over the receiver’s clock', () => {
    const readings = [
      reading(1_000_000, { device: 'a', seq: 1, timestamp: 7, distance: 3 }),
      reading(2_500_000, { device: 'a', seq: 2, timestamp: 8, distance: 4.5 }),
    ];
    expect(seriesOf(readings)).toEqual([{ name: 'distance', timesS: [1, 2.5], values: [3, 4.5] }]);
  });

  it('are broken where a reading has no such number, and begin where the first has one', () => {
    const readings = [
      reading(1, { a: 1 }),
      reading(2, { a: 'none', b: { c: 2, text: 'x' } }),
      reading(3, { a: null, b: [1, 2], d: true }),
      reading(4, { a: 4, b: { c: 5 } }),
    ];
    expect(seriesOf(readings).map(({ name, values }) => [name, values])).toEqual([
      ['a', [1, null, null, 4]],
      ['b.c', [null, 2, null, 5]],
    ]);
  });

  it('are the numbers of a message of many readings, each at its own time, a series for each name and unit', () => {
    const resolved = [
      { name: 'a', unit: 'Cel', value: 20, time: 4_000_000 },
      { name: 'a', unit: 'Cel', value: 21, time: 3_000_000 },
      { name: 'a', unit: 'lat', value: 60, time: 3_000_000 },
      { name: 'open', boolean: true, time: 3_000_000 },
    ];
    const readings = [
      reading(1_000_000, { b: 1 }),
      { ...reading(5_000_000, {}), data: [{ n: 'a' }], resolved },
      { ...reading(6_000_000, {}), data: [{ bver: 99, v: 1 }], resolved: null },
    ];
    expect(seriesOf(readings)).toEqual([
      { name: 'b', timesS: [1, 5, 6], values: [1, null, null] },
      { name: 'a (Cel)', timesS: [1, 3, 4, 6], values: [null, 21, 20, null] },
      { name: 'a (lat)', timesS: [1, 3, 6], values: [null, 60, null] },
    ]);
  });

  it('are twelve at most', () => {
    const data = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`n${i}`, i]));
    expect(seriesOf([reading(1, data)]).map(({ name }) => name)).toEqual(Array.from({ length: 12 }, (_, i) => `n${i}`));
  });

  it('are none where there are no numbers', () => {
    expect(seriesOf([])).toEqual([]);
    expect(seriesOf([reading(1, { door: 'open' })])).toEqual([]);
  });
});
