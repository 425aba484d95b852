// The lines of an export: what is written reads back, and every other spelling is refused.

import { describe, expect, it } from 'vitest';
import { toBase64, utf8 } from './bytes.ts';
import { formatExportEnd, formatExportHeader, parseExportLine } from './export-line.ts';
import { goldenChain, readGolden } from './testing/golden.ts';
import { goldenExport } from './testing/golden-export.ts';
import { testKey } from './testing/signing-key.ts';

const golden = readGolden();
const { vectors, ledger } = golden;
const lines = goldenExport(golden).map((line) => line.trimEnd());
const [headLine = '', , blockLine = ''] = lines;
const header = toBase64(new Uint8Array(116));
const signature = toBase64(new Uint8Array(64));

describe('the lines of an export', () => {
  it('read back what was written', () => {
    expect(lines).toHaveLength(7);
    expect(read(headLine)).toEqual({ kind: 'ledger', origin: vectors.origin, key: ledger.key });
    for (const [i, block] of goldenChain(vectors).entries()) {
      expect(read(lines[i + 1] ?? '')).toEqual({ kind: 'block', block });
    }
    expect(read(lines[6] ?? '')).toEqual({ kind: 'end', checkpoint: vectors.checkpoint.note });
  });

  it('are the JSON objects that format.md names', () => {
    const spki = toBase64(ledger.key.spki);
    expect(headLine).toBe(`{"format":"telltale-export-v1","origin":"${vectors.origin}","public_key":"${spki}"}`);
    expect(formatExportHeader({ origin: vectors.origin, spki: ledger.key.spki })).toBe(`${headLine}\n`);
    expect(formatExportEnd('a\nb\n')).toBe('{"checkpoint":"a\\nb\\n"}\n');
    expect(Object.keys(JSON.parse(blockLine))).toEqual(['header', 'signature', 'leaves']);
  });

  it('may have their members in any order and white space inside', () => {
    expect(parse(`{ "signature" : "${signature}", "leaves":[ ],"header":"${header}"}`)).toMatchObject({ ok: true });
  });

  it.each([
    ['nothing', ''],
    ['no object', '[]'],
    ['white space before it', ` ${headLine}`],
    ['a carriage return behind it', `${headLine}\r`],
    ['two objects', `${headLine}${headLine}`],
    ['half an object', headLine.slice(0, 40)],
    ['invalid UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x22, 0x22, 0x7d)],
    ['no members', '{}'],
    ['an unknown member', headLine.replace('}', ',"more":""}')],
    ['a member that comes twice', headLine.replace('{', `{"origin":"${vectors.origin}",`)],
    ['a member that comes twice, escaped', headLine.replace('{', `{"\\u006frigin":"${vectors.origin}",`)],
    ['a number for a string', '{"checkpoint":1}'],
    ['a list for a string', '{"checkpoint":["a"]}'],
    ['null for a string', '{"checkpoint":null}'],
    ['no leaves', `{"header":"${header}","signature":"${signature}"}`],
    ['a string for the leaves', `{"header":"${header}","signature":"${signature}","leaves":""}`],
    ['a number among the leaves', `{"header":"${header}","signature":"${signature}","leaves":[1]}`],
    ['null among the leaves', `{"header":"${header}","signature":"${signature}","leaves":[null]}`],
    ['a list among the leaves', `{"header":"${header}","signature":"${signature}","leaves":[[]]}`],
    ['a leaf with stray bits', blockOf({ leaves: [toBase64(new Uint8Array(44)).replace(/A=$/, 'B=')] })],
    ['a leaf with an escape', blockOf({ leaves: [toBase64(new Uint8Array(44).fill(255))] }).replace('/', '\\/')],
    ['an empty leaf', blockOf({ leaves: [''] })],
    ['a leaf that is too short', blockOf({ leaves: [toBase64(new Uint8Array(43))] })],
    ['a leaf that is too long', blockOf({ leaves: [toBase64(new Uint8Array(65_536))] })],
    ['a header that is too short', blockOf({ header: toBase64(new Uint8Array(115)) })],
    ['a header that is too long', blockOf({ header: toBase64(new Uint8Array(117)) })],
    ['a signature that is too short', blockOf({ signature: toBase64(new Uint8Array(63)) })],
    ['base64 without its padding', blockOf({ header: header.replace(/=+$/, '') })],
    ['base64 with stray bits', blockOf({ header: header.replace(/A=$/, 'B=') })],
    ['an origin with a space', headLine.replace('telltale.local', 'telltale local')],
    ['an origin with a plus sign', headLine.replace('telltale.local', 'telltale+local')],
    ['an origin with a line feed', headLine.replace('telltale.local', 'telltale\\nlocal')],
    ['an empty origin', headLine.replace(vectors.origin, '')],
    ['an origin that begins like a signed text', headLine.replace(vectors.origin, 'telltale-block-v1')],
  ])('are refused with %s', (_what, line) => {
    expect(parseExportLine(typeof line === 'string' ? utf8(line) : line)).toMatchObject({
      ok: false,
      code: 'export-line',
    });
  });

  it('are refused with another format or a key that cannot be used', () => {
    expect(parse(headLine.replace('export-v1', 'export-v2'))).toMatchObject({ ok: false, code: 'export-format' });
    const small = testKey(1).key.spki.map((byte, i) => (i < 12 ? byte : 0));
    for (const spki of [small, ledger.key.spki.subarray(1), new Uint8Array(0)]) {
      const line = formatExportHeader({ origin: vectors.origin, spki }).trimEnd();
      expect(parse(line)).toMatchObject({ ok: false, code: 'export-key' });
    }
  });
});

function parse(line: string) {
  return parseExportLine(utf8(line));
}

function read(line: string) {
  const parsed = parse(line);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.value;
}

function blockOf(changed: { header?: string; signature?: string; leaves?: string[] }): string {
  return JSON.stringify({ header, signature, leaves: [], ...changed });
}
