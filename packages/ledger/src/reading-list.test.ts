// A message that is an array: one device, every sequence number, the newest time, and what is no list of readings.

import { describe, expect, it } from 'vitest';
import { utf8 } from './bytes.ts';
import { parseReading } from './reading.ts';
import { scannedReadings } from './testing/scanned-readings.ts';

describe('a list of readings', () => {
  it('is of the device that its elements name, be it one of them alone', () => {
    expect(parse('[{"device":"a"},{"device":"a","seq":4}]')).toEqual({ ok: true, value: { device: 'a', seq: 4 } });
    expect(parse('[{"seq":3},{"device":"a"},{}]')).toEqual({ ok: true, value: { device: 'a', seq: 3 } });
    expect(parse('[{"\\u0064evice":"a"},{"device":"\\u0061"}]')).toMatchObject({ ok: true, value: { device: 'a' } });
    expect(parse('[{"x":1}]')).toEqual({ ok: true, value: {} });
  });

  it('has all sequence numbers of its elements, in order, and shows the last', () => {
    expect(parse('[{"seq":3},{"seq":4},{"seq":9},{"seq":4},{}]')).toEqual({
      ok: true,
      value: { seq: 4, seqs: [3, 4, 9, 4] },
    });
    expect(parse('[{"seq":1.0},{"seq":"2"},{"seq":0}]')).toEqual({ ok: true, value: { seq: 0 } });
  });

  it('says the time of its last element that says one', () => {
    expect(parse('[{"timestamp":5},{"timestamp":7.5},{"timestamp":"late"}]')).toEqual({
      ok: true,
      value: { deviceTimeUs: 7_500_000 },
    });
    // A temperature called t is no SenML time.
    expect(parse('[{"t":1900000000,"timestamp":1}]')).toEqual({ ok: true, value: { deviceTimeUs: 1_000_000 } });
  });

  it('may hold anything else, as deep as one reading may', () => {
    const deep = `${'['.repeat(62)}${']'.repeat(62)}`;
    expect(parse(`[ {"a":{"device":"x","seq":1}, "b":${deep}} , {"c":null} ]`)).toEqual({ ok: true, value: {} });
    expect(parse(`[{"b":[${deep}]}]`)).toMatchObject({ ok: false, code: 'message-not-json' });
  });

  it.each([
    ['nothing in it', '[]', 'list-empty'],
    ['nothing but white space in it', '[ \n ]', 'list-empty'],
    ['a number in it', '[{},1]', 'message-not-object'],
    ['a list in it', '[[{}]]', 'message-not-object'],
    ['null in it', '[null]', 'message-not-object'],
    ['two devices', '[{"device":"a"},{},{"device":"b"}]', 'device-mixed'],
    ['a device that may not be one', '[{},{"device":""}]', 'device-forbidden'],
    ['a device that is no text', '[{"device":["a"]},{"device":"a"}]', 'device-forbidden'],
    ['a member twice in one element', '[{"a":1},{"b":1,"\\u0062":2}]', 'member-duplicate'],
    ['a comma behind the last element', '[{},]', 'message-not-json'],
    ['no end', '[{}', 'message-not-json'],
    ['two lists', '[{}][{}]', 'message-not-json'],
  ])('is refused with %s', (_what, source, code) => {
    expect(parse(source)).toMatchObject({ ok: false, code });
  });

  it('may have the same name in two elements', () => {
    expect(parse('[{"a":1,"seq":1},{"a":2,"seq":2}]')).toMatchObject({ ok: true, value: { seqs: [1, 2] } });
  });

  it('is scanned to its end, refused or not', () => {
    const source = '[[], [{"device":1},{"a":1,"a":2}],[{"seq":1}] ]';
    expect(scannedReadings(source)).toEqual([
      ['[]', 'list-empty'],
      ['[{"device":1},{"a":1,"a":2}]', 'device-forbidden'],
      ['[{"seq":1}]', { seq: 1 }],
    ]);
  });
});

describe('a SenML pack', () => {
  it('says the time bt + t of its last record, where that is absolute', () => {
    expect(parse('[{"bn":"a","bt":1276020076,"v":1},{"n":"b","t":-5,"v":1}]')).toEqual({
      ok: true,
      value: { deviceTimeUs: 1_276_020_071_000_000 },
    });
    expect(parse('[{"n":"a","t":1.276020076e9,"v":1}]')).toMatchObject({
      value: { deviceTimeUs: 1_276_020_076_000_000 },
    });
    // From 2^28 on a time is absolute (RFC 8428 section 4.5.3).
    expect(parse('[{"t":268435456,"n":"a","v":1}]')).toEqual({
      ok: true,
      value: { deviceTimeUs: 268_435_456_000_000 },
    });
    expect(parse('[{"bt":268435400,"t":56,"n":"a","v":1}]')).toMatchObject({ value: { deviceTimeUs: 268_435_456e6 } });
  });

  it.each([
    ['relative to now', '[{"n":"a","t":-5,"v":1}]'],
    ['just below 2^28', '[{"n":"a","t":268435455,"v":1}]'],
    ['a text', '[{"n":"a","t":"1276020076","v":1}]'],
    ['after a base time that is a text', '[{"bn":"a","bt":"now","v":1},{"t":1276020076,"v":1}]'],
    ['past 2^53 microseconds', '[{"n":"a","t":1e12,"v":1}]'],
    ['a timestamp, which is no label of SenML', '[{"n":"a","timestamp":1276020076,"v":1}]'],
  ])('says nothing of the clock where its time is %s', (_what, source) => {
    expect(parse(source)).toEqual({ ok: true, value: {} });
  });

  it('may name device and seq in its records, and its names are no device', () => {
    expect(parse('[{"bn":"urn:dev:ow:1:","device":"pump","seq":7,"n":"v","v":1},{"n":"w","v":2}]')).toEqual({
      ok: true,
      value: { device: 'pump', seq: 7 },
    });
    expect(parse('[{"bn":"pump","v":1}]')).toEqual({ ok: true, value: {} });
  });

  it('is a reading however broken it is as SenML', () => {
    for (const source of ['[{"bver":99,"n":1}]', '[{"n":"a","must_":1}]', '[{"v":1}]', '[{"vs":"a","v":1}]']) {
      expect(parse(source)).toEqual({ ok: true, value: {} });
    }
  });
});

function parse(source: string) {
  return parseReading(utf8(source));
}
