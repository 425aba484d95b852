// Bad bodies, wrong shapes and limits, sent to a real receiver. Bad keys and signatures: signature-refusals.test.ts.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustAccept, postReadings } from '../testing/post-readings.ts';
import { among, type Refusal, type RefusingReceiver, startRefusingReceiver } from '../testing/refusals.ts';
import { makeDevice } from '../testing/test-device.ts';

const maxBodyBytes = 100_000;
const device = makeDevice();
const good = device.envelope('{"device":"good","distance":1}');

let refusing: RefusingReceiver;
beforeAll(async () => {
  refusing = await startRefusingReceiver(device, { MAX_BODY_BYTES: String(maxBodyBytes), MAX_ENVELOPES: '5' });
});
afterAll(() => refusing.stop());

describe('a body that is not JSON', () => {
  const cases: [string, string | Uint8Array<ArrayBuffer>, Refusal][] = [
    ['is empty', '', { position: null, code: 'json-syntax', message: /unexpected end/ }],
    ['is white space', ' \n', { position: null, code: 'json-syntax', message: /unexpected end/ }],
    ['is cut off', good.slice(0, -1), { position: null, code: 'json-syntax', message: /at byte \d+/ }],
    ['is text', 'hello', { position: null, code: 'json-syntax' }],
    ['is a form', 'data=1&signature=2', { position: null, code: 'json-syntax' }],
    ['holds NaN', among(device.envelope('{"distance":NaN}')), { position: 1, code: 'json-syntax' }],
    ['holds Infinity', among(device.envelope('{"distance":-Infinity}')), { position: 1, code: 'json-syntax' }],
    ['has a trailing comma in an array', `[${good},]`, { position: 1, code: 'json-syntax' }],
    ['has a trailing comma in data', among(device.envelope('{"a":1,}')), { position: 1, code: 'json-syntax' }],
    ['has text behind it', `${good} x`, { position: null, code: 'json-syntax', message: /after the JSON value/ }],
    ['is two values', `${good}${good}`, { position: null, code: 'json-syntax' }],
    ['has single quotes', among("{'data':{}}"), { position: 1, code: 'json-syntax' }],
    ['begins with a byte order mark', `\ufeff${good}`, { position: null, code: 'json-syntax' }],
    ['is nested deeply', '['.repeat(90_000), { position: 0, code: 'json-depth', message: /64 levels/ }],
    [
      'has data that is nested deeply',
      among(device.envelope(`{"a":${'['.repeat(64)}${']'.repeat(64)}}`)),
      { position: 1, code: 'json-depth' },
    ],
    ['is UTF-16', Buffer.from(good, 'utf16le'), { position: null, code: 'json-syntax' }],
  ];
  it.each(cases)('is refused when it %s', (_, body, refusal) => refusing.refuses(body, refusal));

  const invalid: [string, number[]][] = [
    ['a byte of no character', [0xff]],
    ['an overlong form', [0xc0, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['a sequence that is cut off', [0xe2, 0x82]],
  ];
  it.each(invalid)('is refused when its UTF-8 has %s', async (_, bytes) => {
    const data = Buffer.concat([Buffer.from('{"device":"'), Buffer.from(bytes), Buffer.from('"}')]);
    const signature = Buffer.from(device.sign(data)).toString('base64');
    const tail = Buffer.from(`,"signature":"${signature}","public_key":${JSON.stringify(device.pem)}}]`);
    const body = Buffer.concat([Buffer.from(`[${good},{"data":`), data, tail]);
    await refusing.refuses(body, { position: 1, code: 'json-utf8', message: /invalid UTF-8/ });
  });
});

describe('an item of the wrong shape', () => {
  it.each(['null', '7', '"text"', 'true', '[]', `[${good}]`])('is refused when it is %.20s', async (item) => {
    await refusing.refuses(among(item), {
      position: 1,
      code: 'envelope-not-object',
      message: /data, signature and public_key/,
    });
  });
  it.each(['null', '7', '"text"', 'false'])('is refused when it is %s and the whole body', async (item) => {
    await refusing.refuses(item, { position: 0, code: 'envelope-not-object' });
  });

  it.each(['data', 'signature', 'public_key'])('is refused without %s', async (name) => {
    const members = Object.entries({ data: '{}', signature: '"AAAA"', public_key: '"x"' });
    const kept = members.filter(([other]) => other !== name).map(([other, value]) => `"${other}":${value}`);
    await refusing.refuses(among(`{${kept}}`), {
      position: 1,
      code: 'member-missing',
      message: new RegExp(`^${name} is missing$`),
    });
  });

  it('is refused with two members of one name, though both are the same', async () => {
    const twice = good.replace(/^\{/, '{"d\\u0061ta":{"device":"good","distance":1},');
    await refusing.refuses(among(twice), {
      position: 1,
      code: 'member-duplicate',
      message: /envelope has two members named "data"/,
    });
  });

  it('is refused when data has two members of one name at its top level, though they are signed', async () => {
    const item = device.envelope('{"device":"a","d\\u0065vice":"b"}');
    await refusing.refuses(among(item), {
      position: 1,
      code: 'member-duplicate',
      message: /data has two members named "device"/,
    });
  });

  it.each(['[[]]', '[{"device":"a"},7]', '"text"', '7', 'null'])('is refused when data is %s', async (dataText) => {
    await refusing.refuses(among(device.envelope(dataText)), {
      position: 1,
      code: 'message-not-object',
      message: /not a JSON object/,
    });
  });

  it.each([
    ['empty', '[]', 'list-empty'],
    ['of two devices', '[{"device":"a"},{"device":"b"}]', 'device-mixed'],
    ['with a member twice in an element', '[{"a":1},{"a":1,"a":2}]', 'member-duplicate'],
  ])('is refused when data is a list %s', async (_what, dataText, code) => {
    await refusing.refuses(among(device.envelope(dataText)), { position: 1, code });
  });
});

describe('a device that the format forbids', () => {
  const cases: [string, string][] = [
    ['is empty', '""'],
    ['is a number', '7'],
    ['is null', 'null'],
    ['is an object', '{"name":"a"}'],
    ['has a control character', '"a\\nb"'],
    ['has a NUL', '"a\\u0000"'],
    ['has a C1 control character', '"a\u0085"'],
    ['has a lone surrogate', '"a\\ud800"'],
    ['has 257 bytes', `"${'x'.repeat(257)}"`],
    ['has 129 characters of two bytes', `"${'ä'.repeat(129)}"`],
  ];
  it.each(cases)('is refused when it %s', async (_, text) => {
    await refusing.refuses(among(device.envelope(`{"device":${text},"distance":1}`)), {
      position: 1,
      code: 'device-forbidden',
    });
  });

  it('is no fault when it is missing, or has 256 bytes', async () => {
    await mustAccept(refusing.receiver.url, device.envelope('{"distance":1}'));
    await mustAccept(refusing.receiver.url, device.envelope(`{"device":"${'ä'.repeat(128)}"}`));
    const named = new Set((await refusing.rows.leaves()).map(({ leaf }) => Buffer.from(leaf.message).toString()));
    expect([...named].some((text) => text.includes(`"devices":["${device.keyIdHex.slice(0, 16)}"]`))).toBe(true);
  });
});

describe('a limit', () => {
  const messageOf = (sizeBytes: number) => `{"device":"big","x":"${'x'.repeat(sizeBytes - 23)}"}`;

  it('holds for a message: what fits a leaf is taken, one byte more is refused', async () => {
    expect(messageOf(65_427)).toHaveLength(65_427);
    await mustAccept(refusing.receiver.url, device.envelope(messageOf(65_427)));
    await refusing.refuses(among(device.envelope(messageOf(65_428))), {
      status: 413,
      position: 1,
      code: 'message-too-long',
      message: /65428 bytes, at most 65427/,
    });
  });

  it('holds for the envelopes of a request', async () => {
    const request = (count: number) =>
      `[${Array.from({ length: count }, (_, i) => device.envelope(`{"n":${i}}`)).join(',')}]`;
    await mustAccept(refusing.receiver.url, request(5));
    await refusing.refuses(request(6), {
      status: 413,
      position: null,
      code: 'too-many-envelopes',
      message: /at most 5 envelopes/,
    });
  });

  it('holds for the body', async () => {
    const padded = (sizeBytes: number) => good + ' '.repeat(sizeBytes - good.length);
    await mustAccept(refusing.receiver.url, padded(maxBodyBytes));
    await refusing.refuses(padded(maxBodyBytes + 1), {
      status: 413,
      position: null,
      code: 'body-too-large',
    });
  });

  it('asks for at least one envelope', () =>
    refusing.refuses('[]', { position: null, code: 'array-empty', message: /empty/ }));
});

describe('a request', () => {
  it.each(['text/plain', 'application/octet-stream', 'application/x-www-form-urlencoded', 'text/json', 'nonsense'])(
    'is refused when its content type is %s',
    (contentType) =>
      refusing.refuses(good, { status: 415, position: null, code: 'content-type-unsupported' }, { contentType }),
  );

  it('is refused without a body', async () => {
    const before = await refusing.rows.counts();
    const response = await fetch(`${refusing.receiver.url}/receive_data`, { method: 'POST' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ status: 'error', errors: [{ position: null, code: 'json-syntax' }] });
    expect(await refusing.rows.counts()).toEqual(before);
  });

  it('is refused over its limit also when it does not say its length', async () => {
    const chunk = Buffer.alloc(maxBodyBytes, ' ');
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(chunk);
        controller.enqueue(Buffer.from(good));
        controller.close();
      },
    });
    const headers = { 'content-type': 'application/json' };
    const request = { method: 'POST', headers, body, duplex: 'half' } as const;
    const response = await fetch(`${refusing.receiver.url}/receive_data`, request);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ status: 'error', errors: [{ position: null }] });
  });

  it('may say the charset of its JSON', async () => {
    expect(
      await postReadings(refusing.receiver.url, good, { contentType: 'application/json; charset=utf-8' }),
    ).toMatchObject({
      statusCode: 200,
    });
  });

  it('hears of every item that is at fault, and stores none of the good ones', async () => {
    const before = await refusing.rows.counts();
    const wrongSignature = device.envelope('{"n":1}').replace('"n":1', '"n":2');
    const fresh = makeDevice().envelope('{"device":"fresh"}');
    const malformed = await postReadings(refusing.receiver.url, `[${fresh},null,${device.envelope('[7]')}]`);
    expect(malformed.errors.map((error) => [error.position, error.code])).toEqual([
      [1, 'envelope-not-object'],
      [2, 'message-not-object'],
    ]);
    const unsigned = await postReadings(refusing.receiver.url, `[${wrongSignature},${fresh},${wrongSignature}]`);
    expect(unsigned.errors.map((error) => [error.position, error.code])).toEqual([
      [0, 'signature-wrong'],
      [2, 'signature-wrong'],
    ]);
    expect(await refusing.rows.counts()).toEqual(before);
  });

  it('finds the chain valid after all of this', async () => {
    expect(await (await fetch(`${refusing.receiver.url}/validate_chain`)).json()).toMatchObject({ valid: true });
  });
});
