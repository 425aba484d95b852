// The scanner against JSON.parse on whatever bytes, and its own rules on envelopes.

import { MAX_DEPTH } from '@telltale/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envelope, scan } from '../testing/scanned-envelopes.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(strictUtf8.decode(bytes));
    return true;
  } catch {
    return false;
  }
}

const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\r', '\t'), maxLength: 2 });
/** A name as JSON text, with any of its characters escaped. */
const spelled = (name: string) =>
  fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }).map((isEscaped) => {
    const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
    return `"${[...name].map((unit, i) => (isEscaped[i] ? escaped(unit) : unit)).join('')}"`;
  });
const otherNames = fc.constantFrom('', '__proto__', 'constructor', 'Data', 'data ', 'note', 'toString');
const memberNames = fc.oneof(fc.constantFrom('data', 'signature', 'public_key'), otherNames).chain(spelled);
const values = fc.oneof(
  fc.constantFrom(
    '{}',
    '{"device":"a"}',
    '{"device":""}',
    '[{}]',
    'null',
    '1e5',
    '"AAAA"',
    '"AA"',
    '"pem"',
    '{"a":1,"a":2}',
  ),
  fc.json({ maxDepth: 4, stringUnit: 'binary' }),
);
/** Documents that look like envelopes, right and wrong ones. */
const documents = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.array(fc.tuple(memberNames, space, values, space), { maxLength: 5 }) },
      { weight: 1, arbitrary: values },
    ),
    { maxLength: 3 },
  )
  .chain((items) => fc.tuple(fc.constant(items), fc.boolean(), space))
  .map(([items, isArray, gap]) => {
    const texts = items.map((item) =>
      typeof item === 'string' ? item : `{${item.map(([name, a, value, b]) => `${name}${a}:${b}${value}`).join(',')}}`,
    );
    return Buffer.from(isArray ? `${gap}[${texts.join(`,${gap}`)}]${gap}` : (texts[0] ?? gap));
  });
const tellingBytes = fc.constantFrom(
  ...Buffer.from('{}[]":,\\/ue+-.019 \n\0\x1ftn'),
  ...[0x7f, 0x80, 0xbf, 0xc1, 0xc2, 0xe0, 0xed, 0xef, 0xf4, 0xff],
);
/** One change of one place: bytes taken out and others put in. */
const splices = fc.record({ at: fc.nat(), remove: fc.nat(3), insert: fc.array(tellingBytes, { maxLength: 2 }) });
const mutated = fc.tuple(documents, fc.array(splices, { minLength: 1, maxLength: 3 })).map(([bytes, changes]) =>
  changes.reduce<Uint8Array>((left, { at, remove, insert }) => {
    const start = at % (left.length + 1);
    return Uint8Array.from([...left.subarray(0, start), ...insert, ...left.subarray(start + remove)]);
  }, bytes),
);

describe('what is JSON', () => {
  it('is told as JSON.parse tells it, over documents that look like envelopes', () => {
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(documents, (bytes) => {
        const result = scan(bytes);
        expect(result.code !== 'body-malformed').toBe(isJson(bytes));
        seen[result.envelopes ? 'accepted' : 'refused']++;
      }),
      { numRuns: 3000 },
    );
    expect(seen.refused).toBeGreaterThan(0);
  });

  it('is told as JSON.parse tells it, over documents with changed bytes', () => {
    const seen = { json: 0, other: 0 };
    fc.assert(
      fc.property(mutated, (bytes) => {
        expect(scan(bytes).code !== 'body-malformed').toBe(isJson(bytes));
        seen[isJson(bytes) ? 'json' : 'other']++;
      }),
      { numRuns: 5000 },
    );
    expect(Math.min(seen.json, seen.other)).toBeGreaterThan(100);
  });

  it('is told as JSON.parse tells it, over any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
        expect(scan(bytes).code !== 'body-malformed').toBe(isJson(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('does not begin with a byte order mark', () => {
    const body = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(envelope())]);
    expect(scan(body)).toMatchObject({ code: 'body-malformed', faults: [{ position: null, code: 'json-syntax' }] });
  });

  it('nests at most 64 levels, the outermost counted', () => {
    const nested = (levels: number) => envelope({ data: `{"a":${'['.repeat(levels - 2)}${']'.repeat(levels - 2)}}` });
    for (let levels = 4; levels < 2 * MAX_DEPTH; levels++) {
      const expected = levels <= MAX_DEPTH ? undefined : 'body-malformed';
      expect(scan(nested(levels)).code).toBe(expected);
      // An array around it is one level more.
      expect(scan(`[${nested(levels - 1)}]`).code).toBe(expected);
    }
    expect(scan(nested(MAX_DEPTH + 1)).faults).toMatchObject([{ code: 'json-depth' }]);
    expect(scan('['.repeat(5_000_000)).faults).toMatchObject([{ code: 'json-depth' }]);
  });

  it('is refused with the position of the item in which it ends', () => {
    expect(scan(`[${envelope()},${envelope({ data: '{"a":NaN}' })}]`)).toMatchObject({
      code: 'body-malformed',
      faults: [{ position: 1, code: 'json-syntax', message: expect.stringContaining('at byte') }],
    });
  });
});

describe('a well-formed envelope', () => {
  const dataTexts = fc
    .tuple(
      fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 6 }), { maxLength: 4 }),
      fc.array(fc.json({ maxDepth: 3, stringUnit: 'binary' }), { minLength: 4, maxLength: 4 }),
      fc.array(space, { minLength: 8, maxLength: 8 }),
    )
    // A `device` drawn by chance would be bound by its own rules.
    .filter(([names]) => !names.includes('device'))
    .map(([names, inner, gaps]) => {
      const members = names.map((name, i) => `${JSON.stringify(name)}${gaps[i]}:${gaps[i + 4]}${inner[i]}`);
      return `{${gaps[0]}${members.join(`${gaps[1]},`)}${gaps[2]}}`;
    });
  const parts = fc.record({
    dataText: dataTexts,
    signature: fc.uint8Array({ minLength: 1, maxLength: 80 }),
    pem: fc.string({ unit: 'binary', maxLength: 20 }),
  });
  const written = fc.record({
    parts,
    names: fc.tuple(spelled('data'), spelled('signature'), spelled('public_key')),
    unknown: fc.json(),
    gap: space,
    order: fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }),
  });

  it('yields exactly the bytes of data, the signature and the key, however it is written', () => {
    fc.assert(
      fc.property(fc.array(written, { minLength: 1, maxLength: 4 }), (items) => {
        const texts = items.map(({ parts: { dataText, signature, pem }, names, unknown, gap, order }) => {
          const members = [
            `${names[0]}${gap}:${gap}${dataText}${gap}`,
            `${names[1]}:${gap}"${Buffer.from(signature).toString('base64')}"`,
            `${names[2]}:${JSON.stringify(pem)}${gap}`,
            `"__proto__":${unknown}`,
          ];
          return `{${gap}${order.map((i) => members[i]).join(`,${gap}`)}}`;
        });
        const { envelopes } = scan(`[${texts.join(',')}]`);
        expect(envelopes?.map(({ position }) => position)).toEqual(items.map((_, i) => i));
        expect(envelopes?.map(({ message }) => Buffer.from(message).toString())).toEqual(
          items.map((item) => item.parts.dataText),
        );
        expect(envelopes?.map(({ signature }) => Buffer.from(signature))).toEqual(
          items.map((item) => Buffer.from(item.parts.signature)),
        );
        expect(envelopes?.map(({ publicKeyPem }) => publicKeyPem)).toEqual(items.map((item) => item.parts.pem));
      }),
      { numRuns: 500 },
    );
  });

  it('may stand alone, without an array', () => {
    expect(scan(` ${envelope()}\n`).envelopes).toMatchObject([{ position: 0, reading: { device: 'd' } }]);
  });

  it('has its names compared after unescaping', () => {
    const body = '{"d\\u0061ta":{"d\\u0065vice":"x"},"sign\\u0061ture":"AAAA","public\\u005fkey":"pem"}';
    const [found] = scan(body).envelopes ?? [];
    expect(Buffer.from(found?.message ?? []).toString()).toBe('{"d\\u0065vice":"x"}');
    expect(found?.reading.device).toBe('x');
  });

  it('may hold members that nobody knows, __proto__ and constructor among them', () => {
    const more = { note: '[{"data":1}]', __PROTO__: '{}', constructor: 'null', prototype: '"x"' };
    expect(scan(envelope(more)).envelopes).toHaveLength(1);
    const own = scan('{"__proto__":{"data":{},"signature":"AAAA","public_key":"pem"}}');
    expect(own.faults).toMatchObject([{ code: 'member-missing', message: 'data is missing' }]);
    expect(scan(envelope({ data: '{"__proto__":1,"hasOwnProperty":2}' })).envelopes).toHaveLength(1);
  });
});
