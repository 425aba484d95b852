// What a message means: device, seq, timestamp, duplicate names, and what is no reading at all.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from './bytes.ts';
import { JsonError, JsonScanner } from './json-scanner.ts';
import { parseReading, scanReading } from './reading.ts';
import { deviceFault, MAX_DEVICE_BYTES } from './reading-members.ts';
import { readGolden } from './testing/golden.ts';
import { scannedReadings } from './testing/scanned-readings.ts';

const { vectors } = readGolden();

describe('parseReading', () => {
  it('reads the devices of the golden readings', () => {
    const devices = vectors.leaves
      .filter((leaf) => leaf.kind === 1)
      .map((leaf) => {
        const reading = parseReading(utf8(leaf.message));
        return reading.ok && reading.value.device;
      });
    expect(devices).toEqual([1, 2, 3, 1, 2, 3, 1].map((n) => `Raspberry Pi ${n}`));
  });

  it('leaves everything but device, seq and timestamp to the device', () => {
    expect(parse('{"a":[1,{"device":"x","seq":1}],"b":{"a":1,"a":2},"c":null}')).toEqual({ ok: true, value: {} });
    expect(parse('{ "seq" : 7 , "device" : "p\\u0069" }')).toEqual({ ok: true, value: { device: 'pi', seq: 7 } });
  });

  it('takes __proto__ and other names of objects’ own members for ordinary members', () => {
    const source = '{"__proto__":{"device":"evil"},"constructor":1,"toString":2,"hasOwnProperty":3}';
    expect(parse(source)).toEqual({ ok: true, value: {} });
    expect(parse('{"__proto__":1,"__proto__":2}')).toMatchObject({ ok: false, code: 'member-duplicate' });
  });

  it.each([
    ['the same name', '{"a":1,"a":1}'],
    ['an escape that spells the same name', '{"data":1,"d\\u0061ta":2}'],
    ['an escaped name first', '{"d\\u0061ta":1,"data":2}'],
    ['two devices', '{"device":"a","device":"a"}'],
    ['device spelled with escapes', '{"device":"a","\\u0064\\u0065vice":"b"}'],
    ['two escapes of one character beyond US-ASCII', '{"\\u00e9":1,"é":2}'],
    ['a surrogate pair and the character it is', '{"\\ud83d\\ude00":1,"😀":2}'],
    ['the empty name twice', '{"":1,"":2}'],
    ['the same lone surrogate', '{"\\ud800":1,"\\uD800":2}'],
  ])('refuses two members of one name: %s', (_what, source) => {
    expect(parse(source)).toMatchObject({ ok: false, code: 'member-duplicate' });
  });

  it('tells names apart that only look or normalise alike', () => {
    expect(parse('{"device":"a","Device":"b","device ":"c","\\u00e9":1,"e\\u0301":2}')).toMatchObject({
      ok: true,
      value: { device: 'a' },
    });
  });

  it('finds a device whose name is spelled with escapes', () => {
    expect(parse('{"\\u0064evice":"a\\/b"}')).toEqual({ ok: true, value: { device: 'a/b' } });
  });

  it.each([
    ['white space before it', ' {}', 'message-not-object'],
    ['a line feed before it', '\n{}', 'message-not-object'],
    ['a byte order mark before it', '\ufeff{}', 'message-not-object'],
    ['white space behind it', '{} ', 'message-not-json'],
    ['a line feed behind it', '{}\n', 'message-not-json'],
    ['a second object behind it', '{}{}', 'message-not-json'],
    ['nothing', '', 'message-not-object'],
    ['white space before a list', ' [{}]', 'message-not-object'],
    ['white space behind a list', '[{}] ', 'message-not-json'],
    ['a string', '"{}"', 'message-not-object'],
    ['null', 'null', 'message-not-object'],
    ['an open object', '{"a":1', 'message-not-json'],
    ['a trailing comma', '{"a":1,}', 'message-not-json'],
    ['a text that another purpose signs', 'telltale-block-v1\n', 'message-not-object'],
    ['nesting past 64', `{"a":${'['.repeat(64)}${']'.repeat(64)}}`, 'message-not-json'],
  ])('refuses %s', (_what, source, code) => {
    expect(parse(source)).toMatchObject({ ok: false, code });
  });

  it('refuses bytes that are not UTF-8, wherever they stand', () => {
    for (const bytes of [
      [...utf8('{"a":"'), 0xff, ...utf8('"}')],
      [...utf8('{"'), 0xc0, 0x80, ...utf8('":1}')],
      [...utf8('{"device":"'), 0xed, 0xa0, 0x80, ...utf8('"}')],
    ]) {
      expect(parseReading(Uint8Array.from(bytes))).toMatchObject({ ok: false, code: 'message-not-json' });
    }
  });

  it('gives a verdict on any bytes', () => {
    const object = fc.string({ unit: fc.constantFrom(...'{}[]":,seq\\u0de vic01'), maxLength: 12 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          object.map((text) => utf8(`{"${text}`)),
          object.map((text) => utf8(`[{"${text}`)),
        ),
        (bytes) => {
          expect(typeof parseReading(bytes).ok).toBe('boolean');
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('device', () => {
  // 128 letters of two bytes, 85 of three and one of one, 64 of four: each 256 bytes.
  it.each([
    ['a'.repeat(256), 'ASCII'],
    ['é'.repeat(128), 'two bytes'],
    [`${'€'.repeat(85)}a`, 'three bytes'],
    ['😀'.repeat(64), 'four bytes'],
  ])('has up to 256 bytes of UTF-8: %#', (device) => {
    expect(utf8(device)).toHaveLength(MAX_DEVICE_BYTES);
    expect(parse(JSON.stringify({ device }))).toEqual({ ok: true, value: { device } });
    expect(parse(JSON.stringify({ device: `${device}a` }))).toMatchObject({ ok: false, code: 'device-forbidden' });
    expect(parse(JSON.stringify({ device: `${device.slice(0, -1)}é€` }))).toMatchObject({ ok: false });
  });

  it.each([
    ['is empty', '""'],
    ['has a null character', '"a\\u0000"'],
    ['has a line feed', '"a\\nb"'],
    ['has a delete character, raw', '"a\u007f"'],
    ['has a next-line character, raw', '"a\u0085"'],
    ['has a next-line character, escaped', '"a\\u0085"'],
    ['has the last C1 control', '"\\u009f"'],
    ['has a lone high surrogate', '"\\ud800"'],
    ['has a lone low surrogate', '"a\\udc00b"'],
    ['has surrogates the wrong way round', '"\\ude00\\ud83d"'],
    ['is a number', '1'],
    ['is null', 'null'],
    ['is true', 'true'],
    ['is an array', '["a"]'],
    ['is an object', '{"name":"a"}'],
  ])('is refused when it %s', (_what, device) => {
    expect(parse(`{"device":${device}}`)).toMatchObject({ ok: false, code: 'device-forbidden' });
  });

  it('may hold spaces, punctuation and any script', () => {
    for (const device of [
      'Raspberry Pi 1',
      ' ',
      '\u00a0',
      'urn:dev:mac:0024befffe804ff1',
      '"\\',
      'датчик',
      '😀',
      '\u2028',
    ]) {
      expect(deviceFault(device)).toBeUndefined();
      expect(parse(JSON.stringify({ device }))).toEqual({ ok: true, value: { device } });
    }
  });
});

describe('seq', () => {
  it.each([
    ['0', 0],
    ['1', 1],
    ['9007199254740991', 2 ** 53 - 1],
  ])('%s counts', (text, seq) => {
    expect(parse(`{"seq":${text}}`)).toEqual({ ok: true, value: { seq } });
    expect(parse(`{ "s\\u0065q" : ${text} }`)).toEqual({ ok: true, value: { seq } });
  });

  it.each([
    '9007199254740992',
    '9007199254740993',
    '9999999999999999',
    '10000000000000000',
    '100000000000000000000000000000',
    '-1',
    '-0',
    '1.0',
    '1e3',
    '1E0',
    '0.5',
    '"1"',
    '""',
    'null',
    'true',
    '[1]',
    '[]',
    '{}',
    '{"seq":1}',
  ])('%s is as if it were absent', (text) => {
    expect(parse(`{"seq":${text}}`)).toEqual({ ok: true, value: {} });
  });

  it('is still a member: two are refused, and so is one that is no JSON', () => {
    expect(parse('{"seq":"x","seq":1}')).toMatchObject({ ok: false, code: 'member-duplicate' });
    expect(parse('{"seq":01}')).toMatchObject({ ok: false, code: 'message-not-json' });
    expect(parse('{"seq":+1}')).toMatchObject({ ok: false, code: 'message-not-json' });
  });
});

describe('timestamp', () => {
  it.each([
    ['0', 0],
    ['1717979369.25', 1_717_979_369_250_000],
    ['1717979369', 1_717_979_369_000_000],
    ['1.717979369e9', 1_717_979_369_000_000],
    ['1717979369.1234567', 1_717_979_369_123_457],
    ['9007199254.5', 9_007_199_254_500_000],
    ['9.0e9', 9_000_000_000_000_000],
  ])('%s is a device time in seconds', (text, deviceTimeUs) => {
    expect(parse(`{"timestamp":${text}}`)).toEqual({ ok: true, value: { deviceTimeUs } });
    expect(parse(`{ "\\u0074imestamp" : ${text} }`)).toEqual({ ok: true, value: { deviceTimeUs } });
  });

  it.each([
    '-1',
    '-0.5',
    '1717979369250',
    '1e300',
    '1e999',
    `1.${'0'.repeat(31)}`,
    '"1717979369"',
    '"2024-06-10T00:29:29Z"',
    'null',
    'true',
    '[1]',
    '{}',
  ])('%s is no time, and no fault', (text) => {
    expect(parse(`{"timestamp":${text}}`)).toEqual({ ok: true, value: {} });
  });

  it('is the time nearest to its digits, however many they are', () => {
    const digits = (maxLength: number) => fc.string({ unit: fc.constantFrom(...'0159'), maxLength });
    const time = fc
      .tuple(fc.nat({ max: 9_999_999_999 }), digits(20))
      .map(([whole, rest]) => (rest ? `${whole}.${rest}` : `${whole}`));
    fc.assert(
      fc.property(time, (text) => {
        const deviceTimeUs = Math.round(Number(text) * 1_000_000);
        const value = Number.isSafeInteger(deviceTimeUs) ? { deviceTimeUs } : {};
        expect(parse(`{"timestamp":${text}}`)).toEqual({ ok: true, value });
      }),
      { numRuns: 1000 },
    );
  });

  it('is still a member: two are refused, and so is one that is no JSON', () => {
    expect(parse('{"timestamp":1,"timestamp":2}')).toMatchObject({ ok: false, code: 'member-duplicate' });
    expect(parse('{"timestamp":01}')).toMatchObject({ ok: false, code: 'message-not-json' });
  });
});

describe('scanReading', () => {
  it('reads the value at which the scanner stands and leaves it right behind, refused or not', () => {
    const source = '[ {"device":"a"} ,{"seq":2},{"device":[1],"b":{}},"x" , {"a":1,"a":{}}]';
    expect(scannedReadings(source)).toEqual([
      ['{"device":"a"}', { device: 'a' }],
      ['{"seq":2}', { seq: 2 }],
      ['{"device":[1],"b":{}}', 'device-forbidden'],
      ['"x"', 'message-not-object'],
      ['{"a":1,"a":{}}', 'member-duplicate'],
    ]);
  });

  it('throws where the value is no JSON', () => {
    expect(() => scanReading(new JsonScanner(utf8('{"a":}')))).toThrow(JsonError);
  });
});

function parse(source: string) {
  return parseReading(utf8(source));
}
