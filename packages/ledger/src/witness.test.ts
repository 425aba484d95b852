// add-checkpoint requests: the example of C2SP tlog-witness, and every malformed body.

import { describe, expect, it } from 'vitest';
import { toBase64, toHex } from './bytes.ts';
import { formatAddCheckpoint, parseAddCheckpoint } from './witness.ts';

/** The example request body of C2SP tlog-witness "add-checkpoint". */
const EXAMPLE = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`;

describe('an add-checkpoint request', () => {
  it('of C2SP tlog-witness reads, and is written again to the byte', () => {
    const request = parseAddCheckpoint(EXAMPLE);
    if (!request.ok) throw new Error(request.message);
    expect(request.value.oldSize).toBe(20_852_014);
    expect(request.value.path).toHaveLength(4);
    expect(toHex(request.value.path[0] ?? new Uint8Array(0))).toBe(
      Buffer.from('PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=', 'base64').toString('hex'),
    );
    expect(request.value.checkpoint).toBe(EXAMPLE.slice(EXAMPLE.indexOf('example.com')));
    expect(formatAddCheckpoint(request.value)).toBe(EXAMPLE);
  });

  it('from size 0 has no path', () => {
    const request = { oldSize: 0, path: [], checkpoint: 'a\n0\nb\n\n— a b\n' };
    expect(formatAddCheckpoint(request)).toBe('old 0\n\na\n0\nb\n\n— a b\n');
    expect(parseAddCheckpoint(formatAddCheckpoint(request))).toEqual({ ok: true, value: request });
  });

  it.each([
    ['nothing', ''],
    ['no old size', EXAMPLE.replace('old 20852014\n', '')],
    ['another word', EXAMPLE.replace('old', 'new')],
    ['two spaces', EXAMPLE.replace('old ', 'old  ')],
    ['a leading zero', EXAMPLE.replace('old ', 'old 0')],
    ['a negative size', EXAMPLE.replace('old ', 'old -')],
    ['a size past 2^53', EXAMPLE.replace('20852014', '9007199254740992')],
    ['carriage returns', EXAMPLE.replaceAll('\n', '\r\n')],
    ['a hash that is no base64', EXAMPLE.replace('PlRN', '*lRN')],
    ['a hash that is too short', EXAMPLE.replace(/PlRN.*/, toBase64(new Uint8Array(31)))],
    ['64 hashes', EXAMPLE.replace('\n', `\n${`${toBase64(new Uint8Array(32))}\n`.repeat(60)}`)],
    ['no checkpoint', EXAMPLE.slice(0, EXAMPLE.indexOf('\n\n') + 2)],
    ['no empty line', 'old 0\n'],
  ])('is refused with %s', (_what, body) => {
    expect(parseAddCheckpoint(body)).toMatchObject({ ok: false, code: 'add-checkpoint-malformed' });
  });

  it('may have 63 hashes', () => {
    const body = EXAMPLE.replace('\n', `\n${`${toBase64(new Uint8Array(32))}\n`.repeat(59)}`);
    expect(parseAddCheckpoint(body)).toMatchObject({ ok: true });
  });
});
