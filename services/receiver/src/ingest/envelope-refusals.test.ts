// Envelopes that the scanner refuses, and its limits. What is JSON and what is taken: envelope-scanner.test.ts.

import { describe, expect, it } from 'vitest';
import { envelope, scan } from '../testing/scanned-envelopes.ts';

describe('a refused envelope', () => {
  const cases: [string, string, string][] = [
    ['has two members of one name', '{"data":{},"data":{},"signature":"AAAA","public_key":"p"}', 'member-duplicate'],
    ['has two after unescaping', '{"data":{},"signature":"AAAA","public_key":"p","d\\u0061ta":{}}', 'member-duplicate'],
    ['has two members that nobody knows', envelope({ note: '1', 'n\\u006fte': '2' }), 'member-duplicate'],
    ['has two __proto__', envelope({ '\\u005f_proto__': '1', '_\\u005fproto__': '2' }), 'member-duplicate'],
    [
      'has 65 members',
      envelope(Object.fromEntries(Array.from({ length: 62 }, (_, i) => [`n${i}`, '1']))),
      'members-too-many',
    ],
    ['has data with two members of one name', envelope({ data: '{"a":1,"\\u0061":2}' }), 'member-duplicate'],
    ['has data that is an empty array', envelope({ data: '[]' }), 'list-empty'],
    ['has data that is an array of numbers', envelope({ data: '[1]' }), 'message-not-object'],
    ['has data of two devices', envelope({ data: '[{"device":"a"},{"device":"b"}]' }), 'device-mixed'],
    ['has a signature that is no string', envelope({ signature: '1' }), 'signature-malformed'],
    ['has an empty signature', envelope({ signature: '""' }), 'signature-malformed'],
    ['has base64 without padding', envelope({ signature: '"AAA"' }), 'signature-malformed'],
    ['has base64 with padding too much', envelope({ signature: '"AAAA===="' }), 'signature-malformed'],
    ['has base64 with stray bits', envelope({ signature: '"AAB="' }), 'signature-malformed'],
    ['has base64 with white space', envelope({ signature: '"AA AA"' }), 'signature-malformed'],
    ['has base64 with a line end', envelope({ signature: '"AAAA\\n"' }), 'signature-malformed'],
    ['has base64 of the URL alphabet', envelope({ signature: '"AA-_"' }), 'signature-malformed'],
    ['has a key that is no string', envelope({ public_key: '{}' }), 'key-not-pem'],
  ];
  it.each(cases)('%s', (_, body, code) => {
    expect(scan(`[${envelope()},${body}]`)).toMatchObject({
      code: 'envelopes-refused',
      faults: [{ position: 1, code }],
    });
  });

  it('is shown with no more than the first 100 characters of a name', () => {
    const name = 'n'.repeat(100_000);
    const twice = `{"${name}":1,"${name}":2}`;
    const [fault] = scan(twice).faults ?? [];
    expect(fault).toMatchObject({ code: 'member-duplicate' });
    expect(fault?.message.length).toBeLessThan(200);
  });

  it('may have names in nested objects of data twice: only the top level is the ledger’s', () => {
    expect(scan(envelope({ data: '{"a":{"b":1,"b":2}}' })).envelopes).toHaveLength(1);
  });

  it('is named with each other one, in their order', () => {
    const body = `[null,${envelope()},{"data":{}},7,${envelope({ data: '{"device":7}' })},"x",[],${envelope({ data: '1' })}]`;
    const { code, message, faults } = scan(body);
    expect(code).toBe('envelopes-refused');
    expect(message).toMatch(/^item 0: /);
    expect(faults?.map((fault) => [fault.position, fault.code])).toEqual([
      [0, 'envelope-not-object'],
      [2, 'member-missing'],
      [3, 'envelope-not-object'],
      [4, 'device-forbidden'],
      [5, 'envelope-not-object'],
      [6, 'envelope-not-object'],
      [7, 'message-not-object'],
    ]);
  });
});

describe('limits', () => {
  it('bound the envelopes of a request', () => {
    const body = (count: number) => `[${Array.from({ length: count }, () => envelope()).join(',')}]`;
    expect(scan(body(3), 3).envelopes).toHaveLength(3);
    expect(scan(body(4), 3)).toMatchObject({ code: 'too-many-envelopes', faults: [{ position: null }] });
    expect(scan('[]')).toMatchObject({ code: 'envelopes-refused', faults: [{ position: null, code: 'array-empty' }] });
  });

  it('bound the message to what fits a leaf beside its signature', () => {
    const signature = JSON.stringify(Buffer.alloc(64).toString('base64'));
    const body = (sizeBytes: number) => envelope({ data: `{"a":"${'x'.repeat(sizeBytes - 8)}"}`, signature });
    expect(scan(body(65_427)).envelopes).toHaveLength(1);
    expect(scan(body(65_428))).toMatchObject({
      code: 'envelope-too-large',
      faults: [{ position: 0, code: 'message-too-long', message: expect.stringContaining('65427') }],
    });
  });

  it('refuse data that fits no leaf for its size, whatever is wrong inside it', () => {
    const names = Array.from({ length: 10_000 }, () => '"n":1').join(',');
    expect(scan(envelope({ data: `{${names},"x":"${'x'.repeat(10_000)}"}` })).faults).toMatchObject([
      { position: 0, code: 'message-too-long' },
    ]);
  });

  it('leave no room beside a signature that is longer than a leaf', () => {
    const signature = JSON.stringify(Buffer.alloc(70_000).toString('base64'));
    const message = 'data has 14 bytes, at most 0 fit beside this signature';
    expect(scan(envelope({ signature })).faults).toEqual([{ position: 0, code: 'message-too-long', message }]);
  });
});
