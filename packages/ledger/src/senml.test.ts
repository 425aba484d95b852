// The resolver of SenML packs against the examples of RFC 8428 section 5.1, what it refuses, and what holds of every pack.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resolvePack, type SenmlRecord } from './senml.ts';

/** The receiver's clock wherever a time is relative. */
const NOW_US = 1_700_000_000_000_000;

const resolve = (...records: SenmlRecord[]) => resolvePack(records, { nowUs: NOW_US });

describe('a pack of RFC 8428', () => {
  it('5.1.1: one value now', () => {
    expect(resolve({ n: 'urn:dev:ow:10e2073a01080063', u: 'Cel', v: 23.1 })).toEqual({
      ok: true,
      value: [{ name: 'urn:dev:ow:10e2073a01080063', unit: 'Cel', value: 23.1, timeUs: NOW_US }],
    });
  });

  it('5.1.2: a base name, a base unit, an older version and times before the base time', () => {
    const found = resolve(
      {
        bn: 'urn:dev:ow:10e2073a0108006:',
        bt: 1.276020076001e9,
        bu: 'A',
        bver: 5,
        n: 'voltage',
        u: 'V',
        v: 120.1,
      },
      { n: 'current', t: -5, v: 1.2 },
      { n: 'current', t: -1, v: 1.6 },
      { n: 'current', v: 1.7 },
    );
    const current = { name: 'urn:dev:ow:10e2073a0108006:current', unit: 'A' };
    expect(found).toEqual({
      ok: true,
      value: [
        { name: 'urn:dev:ow:10e2073a0108006:voltage', unit: 'V', value: 120.1, timeUs: 1_276_020_076_001_000 },
        { ...current, value: 1.2, timeUs: 1_276_020_071_001_000 },
        { ...current, value: 1.6, timeUs: 1_276_020_075_001_000 },
        { ...current, value: 1.7, timeUs: 1_276_020_076_001_000 },
      ],
    });
  });

  it('5.1.3 and 5.1.4: units of its own beside the base unit', () => {
    const found = resolve(
      { bn: 'urn:dev:ow:10e2073a01080063', bt: 1.320067464e9, bu: '%RH', v: 20 },
      { u: 'lon', v: 24.30621 },
      { u: 'lat', v: 60.07965 },
      { t: 60, v: 20.3 },
      { u: 'lon', t: 60, v: 24.30622 },
      { u: 'lat', t: 60, v: 60.07965 },
      { u: '%EL', t: 150, v: 98 },
    );
    const at = (s: number, unit: string, value: number) => ({
      name: 'urn:dev:ow:10e2073a01080063',
      unit,
      value,
      timeUs: s * 1_000_000,
    });
    expect(found).toEqual({
      ok: true,
      value: [
        at(1_320_067_464, '%RH', 20),
        at(1_320_067_464, 'lon', 24.30621),
        at(1_320_067_464, 'lat', 60.07965),
        at(1_320_067_524, '%RH', 20.3),
        at(1_320_067_524, 'lon', 24.30622),
        at(1_320_067_524, 'lat', 60.07965),
        at(1_320_067_614, '%EL', 98),
      ],
    });
  });

  it('5.1.5: values of every type', () => {
    const found = resolve(
      { bn: 'urn:dev:ow:10e2073a01080063:', n: 'temp', u: 'Cel', v: 23.1 },
      { n: 'label', vs: 'Machine Room' },
      { n: 'open', vb: false },
      { n: 'nfc-reader', vd: 'aGkgCg' },
    );
    const name = (own: string) => `urn:dev:ow:10e2073a01080063:${own}`;
    expect(found).toEqual({
      ok: true,
      value: [
        { name: name('temp'), unit: 'Cel', value: 23.1, timeUs: NOW_US },
        { name: name('label'), string: 'Machine Room', timeUs: NOW_US },
        { name: name('open'), boolean: false, timeUs: NOW_US },
        { name: name('nfc-reader'), data: 'aGkgCg', timeUs: NOW_US },
      ],
    });
  });

  it('5.1.7: a record that only sets a base name measures nothing', () => {
    const found = resolve({ bn: 'urn:dev:ow:10e2073a01080063:' }, { n: 'temp', u: 'Cel', v: 23.1 });
    expect(found).toMatchObject({ ok: true, value: [{ name: 'urn:dev:ow:10e2073a01080063:temp' }] });
  });
});

describe('a pack', () => {
  it('adds base value and value, base sum and sum; the one that is missing is zero', () => {
    const found = resolve(
      { bn: 'a', bv: 10, v: 2, ut: 60 },
      { u: 'W' },
      { bs: 100, s: 5 },
      { v: -3 },
      { vs: 'text', bv: 1 },
    );
    expect(found).toEqual({
      ok: true,
      value: [
        { name: 'a', value: 12, timeUs: NOW_US, updateTimeS: 60 },
        { name: 'a', unit: 'W', value: 10, timeUs: NOW_US },
        { name: 'a', value: 10, sum: 105, timeUs: NOW_US },
        { name: 'a', value: 7, sum: 100, timeUs: NOW_US },
        { name: 'a', string: 'text', sum: 100, timeUs: NOW_US },
      ],
    });
  });

  it('passes over labels that it does not know', () => {
    expect(resolve({ n: 'a', v: 1, device: 'pump', seq: 1, bfoo: {}, x: null })).toMatchObject({ ok: true });
  });

  it.each<[string, SenmlRecord[], string]>([
    ['a label that must be understood', [{ n: 'a', v: 1, foo_: 1 }], 'senml-label'],
    ['a name that is no text', [{ n: 1, v: 1 }], 'senml-type'],
    ['a value that is no number', [{ n: 'a', v: '1' }], 'senml-type'],
    ['a number past all numbers', [{ n: 'a', v: Number.POSITIVE_INFINITY }], 'senml-type'],
    ['a boolean that is a number', [{ n: 'a', vb: 1 }], 'senml-type'],
    ['a base time that is null', [{ bn: 'a', bt: null, v: 1 }], 'senml-type'],
    ['a newer version', [{ bver: 11, n: 'a', v: 1 }], 'senml-version'],
    ['half a version', [{ bver: 9.5, n: 'a', v: 1 }], 'senml-version'],
    ['no name', [{ v: 1 }], 'senml-name'],
    ['a name that begins with a dot', [{ n: '.a', v: 1 }], 'senml-name'],
    ['a name with a space', [{ bn: 'a', n: ' b', v: 1 }], 'senml-name'],
    ['no value', [{ n: 'a' }], 'senml-value'],
    ['two values', [{ n: 'a', v: 1, vs: 'b' }], 'senml-value'],
    ['bytes that are not base64url', [{ n: 'a', vd: 'aGkgCg==' }], 'senml-value'],
    ['a sum of values past all numbers', [{ bn: 'a', bv: 1e308, v: 1e308 }], 'senml-value'],
    ['a time past 2^53 microseconds', [{ n: 'a', v: 1, t: 1e11 }], 'senml-time'],
    ['a time before 1970', [{ n: 'a', v: 1, t: -2e9 }], 'senml-time'],
  ])('is not resolved with %s', (_what, records, code) => {
    expect(resolve(...records)).toMatchObject({ ok: false, code });
    expect(resolve({ n: 'good', v: 1 }, ...records)).toMatchObject({ ok: false, message: /^record 1: / });
  });

  it('is not resolved where a long base name would be repeated until it fills the memory', () => {
    const records = (count: number) => [{ bn: 'a'.repeat(30_000), bu: 'W' }, ...Array(count).fill({ v: 1 })];
    expect(resolve(...records(8))).toMatchObject({ ok: true });
    expect(resolve(...records(9))).toMatchObject({ ok: false, code: 'senml-size' });
  });

  it('has as many measurements as records with a value, and is the same when it is resolved again', () => {
    const number = fc.integer({ min: -1_000, max: 1_000 });
    const record = fc.record(
      { bt: fc.integer({ min: 0, max: 2_000_000_000 }), bv: number, bs: number, bu: fc.constantFrom('Cel', 'W') },
      { requiredKeys: [] },
    );
    const own = fc.record(
      { n: fc.constantFrom('a', 'b'), v: number, t: number, s: number },
      { requiredKeys: ['n', 'v'] },
    );
    const packs = fc.array(fc.tuple(record, own), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(packs, (pairs) => {
        const records = pairs.map(([base, regular]) => ({ ...base, ...regular }));
        const first = resolve({ bn: 'x/' }, ...records);
        if (!first.ok) throw new Error(first.message);
        expect(first.value).toHaveLength(records.length);
        let base = 0;
        for (const [i, { value }] of first.value.entries()) {
          base = records[i]?.bv ?? base;
          expect(value).toBe(base + (records[i]?.v ?? Number.NaN));
        }
        const resolved = first.value.map(({ name, unit, value, sum, timeUs }) => ({
          n: name,
          v: value,
          t: timeUs / 1_000_000,
          ...(unit !== undefined && { u: unit }),
          ...(sum !== undefined && { s: sum }),
        }));
        expect(resolve(...resolved)).toEqual(first);
      }),
    );
  });
});
