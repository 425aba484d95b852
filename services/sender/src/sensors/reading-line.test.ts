// Which lines become readings, and with which bytes.

import { describe, expect, it } from 'vitest';
import { parseReadingLine } from './reading-line.ts';

const OWN = 'fd110d301d2f077d';

const parse = (line: string | Uint8Array, given?: string) => {
  const result = parseReadingLine(Buffer.from(line), { given, own: OWN });
  if (!result.ok) return result.code;
  return { text: Buffer.from(result.reading.json).toString(), sequenceOf: result.reading.sequenceOf };
};

describe('a line of a sensor program', () => {
  it('is kept byte for byte when it has device and seq', () => {
    const line = '{ "seq":7,  "device":"fridge", "t":1.50e0, "name":"\\u00e9\u00e9" }';
    expect(parse(line, 'given')).toEqual({ text: line, sequenceOf: undefined });
  });

  it('gets the seq of its device when it has none', () => {
    expect(parse('{"device":"fridge","t":1}')).toEqual({ text: '{"device":"fridge","t":1}', sequenceOf: 'fridge' });
  });

  it('gets the device that the operator named, and otherwise belongs to the key itself', () => {
    expect(parse('{"t":1}', 'cellar "2"')).toEqual({
      text: '{"t":1, "device": "cellar \\"2\\""}',
      sequenceOf: 'cellar "2"',
    });
    expect(parse('{"t":1}')).toEqual({ text: '{"t":1}', sequenceOf: OWN });
  });

  it('keeps a seq of any other form, which a second member would contradict', () => {
    expect(parse('{"device":"a","seq":"x"}')).toEqual({ text: '{"device":"a","seq":"x"}', sequenceOf: undefined });
  });

  it('may be a list or a SenML pack, whose first object gets what none of them has', () => {
    const pack = '[ {"bn":"a/","n":"t","v":1},{"n":"u","v":2}]';
    expect(parse(pack, 'cellar')).toEqual({
      text: '[ {"device": "cellar", "bn":"a/","n":"t","v":1},{"n":"u","v":2}]',
      sequenceOf: 'cellar',
    });
    const own = '[{"t":1},{"device":"fridge","seq":9,"t":2}]';
    expect(parse(own, 'cellar')).toEqual({ text: own, sequenceOf: undefined });
  });

  it('loses the white space around the object, which is not part of a message', () => {
    expect(parse(' \t{"device":"a","seq":1} \r')).toEqual({ text: '{"device":"a","seq":1}', sequenceOf: undefined });
  });

  it.each([
    ['no JSON', '{"t":', 'message-not-json'],
    ['a number', '12', 'message-not-object'],
    ['an empty object', '{}', 'object-empty'],
    ['an empty list', '[]', 'list-empty'],
    ['a list that begins with an empty object', '[{},{"t":1}]', 'object-empty'],
    ['a list of two devices', '[{"device":"a"},{"device":"b"}]', 'device-mixed'],
    ['a device that is no string', '{"device":5}', 'device-forbidden'],
    ['an empty device', '{"device":""}', 'device-forbidden'],
    ['a member twice', '{"a":1,"\\u0061":2}', 'member-duplicate'],
    ['too many bytes', `{"t":"${'x'.repeat(60_000)}"}`, 'line-too-long'],
  ])('is refused with %s', (_name, line, code) => {
    expect(parse(line)).toBe(code);
  });

  it('is refused with bytes that are not UTF-8', () => {
    expect(parse(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toBe('message-not-json');
  });
});
