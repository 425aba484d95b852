// Messages of registry leaves: the golden ones, and every spelling but the canonical one.

import { describe, expect, it } from 'vitest';
import { fromUtf8, toHex, utf8 } from './bytes.ts';
import { canonicalJson } from './canonical-json.ts';
import { decodeLeaf } from './leaf.ts';
import { encodeEnrolment, encodeRevocation, parseEnrolment, parseRevocation } from './registry-message.ts';
import { enrolText, possessionText, revokeText } from './signed-text.ts';
import { bytesOf, readGolden } from './testing/golden.ts';

const { vectors, device, ledger, rotatedTo } = readGolden();
const { origin } = vectors;
const [rotation, revocation] = vectors.leaves.slice(10);
const ROTATION_NONCE = '11'.repeat(32);
const REVOCATION_NONCE = '22'.repeat(32);

describe('the golden registry messages', () => {
  it('of first uses are what encodeEnrolment writes', () => {
    for (const [index, name] of [
      [0, 'Raspberry Pi 1'],
      [2, 'Raspberry Pi 2'],
      [4, 'Raspberry Pi 3'],
    ] as const) {
      const message = encodeEnrolment({ authority: 'first-use', key: device.key, devices: [name] });
      expect(fromUtf8(message)).toBe(vectors.leaves[index]?.message);
      expect(parseEnrolment(message)).toEqual({
        ok: true,
        value: { authority: 'first-use', key: device.key, devices: [name] },
      });
    }
  });

  it('of the rotation is what encodeEnrolment writes, the proof of possession made again', async () => {
    const { keyId } = rotatedTo.key;
    const devices = ['Raspberry Pi 1'];
    const proof = possessionText({ origin, keyId, nonce: ROTATION_NONCE });
    expect(fromUtf8(proof)).toBe(rotation?.possession_text);
    expect(fromUtf8(enrolText({ origin, keyId, devices, nonce: ROTATION_NONCE }))).toBe(rotation?.signed_text);
    const enrolment = {
      authority: 'rotation' as const,
      key: rotatedTo.key,
      devices,
      by: device.key.keyId,
      nonce: ROTATION_NONCE,
      possession: rotatedTo.sign(proof),
    };
    const message = encodeEnrolment(enrolment);
    expect(fromUtf8(message)).toBe(rotation?.message);
    const parsed = parseEnrolment(message);
    expect(parsed).toMatchObject({ ok: true, value: { authority: 'rotation', devices, nonce: ROTATION_NONCE } });
    if (!parsed.ok || parsed.value.authority === 'first-use') throw new Error('not a rotation');
    expect(toHex(parsed.value.by)).toBe(vectors.device.key_id);
    expect(toHex(parsed.value.key.keyId)).toBe(vectors.rotated_to.key_id);
    expect(await rotatedTo.verify(proof, parsed.value.possession)).toBe(true);
  });

  it('of the revocation is what encodeRevocation writes', async () => {
    const { keyId } = device.key;
    const text = revokeText({ origin, keyId, reason: 'key rotated', nonce: REVOCATION_NONCE });
    expect(fromUtf8(text)).toBe(revocation?.signed_text);
    const by = ledger.key.keyId;
    const message = encodeRevocation({ authority: 'admin', by, nonce: REVOCATION_NONCE, reason: 'key rotated' });
    expect(fromUtf8(message)).toBe(revocation?.message);
    const parsed = parseRevocation(message);
    expect(parsed).toMatchObject({
      ok: true,
      value: { authority: 'admin', nonce: REVOCATION_NONCE, reason: 'key rotated' },
    });
    expect(parsed.ok && toHex(parsed.value.by)).toBe(vectors.ledger.key_id);
    const leaf = decodeLeaf(bytesOf(revocation?.leaf ?? ''));
    expect(leaf.ok && (await ledger.verify(text, leaf.value.signature))).toBe(true);
  });
});

describe('parseEnrolment', () => {
  const firstUse = members(vectors.leaves[0]?.message);
  const signed = members(rotation?.message);

  it('refuses any spelling but the canonical one', () => {
    for (const [index, parse] of [
      [0, parseEnrolment],
      [10, parseEnrolment],
      [11, parseRevocation],
    ] as const) {
      const text = vectors.leaves[index]?.message ?? '';
      expect(parse(utf8(text)).ok).toBe(true);
      for (const other of [
        text.replace(':', ': '),
        ` ${text}`,
        `${text}\n`,
        `\ufeff${text}`,
        text.replace('"authority"', '"\\u0061uthority"'),
        text.replace('{', '{"authority":"admin",'),
        text.replaceAll('/', '\\/').replace('"by"', '"b\\u0079"').replace('{"authority', '{"\\u0061uthority'),
        canonicalReversed(text),
      ]) {
        expect(parse(utf8(other)), other).toMatchObject({ ok: false, code: 'registry-message' });
      }
    }
  });

  it('refuses a first use with any further member', () => {
    expect(parseEnrolment(canonical(firstUse)).ok).toBe(true);
    for (const name of ['by', 'nonce', 'possession', 'reason', '__proto__', 'x']) {
      const extra = Object.fromEntries([...Object.entries(firstUse), [name, signed[name] ?? 'x']]);
      expect(parseEnrolment(canonical(extra)), name).toMatchObject({ ok: false, code: 'registry-message' });
    }
  });

  it('refuses an enrolment that lacks a member or has one too many', () => {
    expect(parseEnrolment(canonical(signed)).ok).toBe(true);
    for (const name of Object.keys(signed)) {
      const rest = Object.fromEntries(Object.entries(signed).filter(([other]) => other !== name));
      expect(parseEnrolment(canonical(rest)), name).toMatchObject({ ok: false, code: 'registry-message' });
    }
    expect(parseEnrolment(canonical({ ...signed, x: '' })).ok).toBe(false);
  });

  it.each([
    ['an unknown authority', { authority: 'self' }],
    ['a key id in upper case', { by: String(signed['by']).toUpperCase() }],
    ['a key id that is too short', { by: 'fd11' }],
    ['a nonce of 31 bytes', { nonce: '11'.repeat(31) }],
    ['a nonce that is no hexadecimal', { nonce: 'zz'.repeat(32) }],
    ['a proof that is not base64', { possession: '***' }],
    ['a public key that is not base64', { public_key: 'MCow' }],
    ['a public key of small order', { public_key: `MCowBQYDK2VwAyEA${'A'.repeat(43)}=` }],
    ['a device in place of a list', { devices: 'Raspberry Pi 1' }],
    ['an empty device', { devices: [''] }],
    ['a device with a control character', { devices: ['a\n'] }],
    ['a list in place of the authority', { authority: ['rotation'] }],
    ['a list in place of the proof', { possession: ['a'] }],
  ])('refuses %s', (_what, change) => {
    const message = canonical({ ...signed, ...change });
    expect(parseEnrolment(message)).toMatchObject({ ok: false, code: 'registry-message' });
  });

  it('refuses members that are neither strings nor lists of strings', () => {
    const text = vectors.leaves[0]?.message ?? '';
    for (const other of ['null', '1', 'true', '{}', '[1]', '[["a"]]', '[null]']) {
      expect(parseEnrolment(utf8(text.replace('["Raspberry Pi 1"]', other))).ok, other).toBe(false);
    }
  });

  it('refuses what is no JSON object, and bytes that are no UTF-8', () => {
    for (const text of ['', '{', 'null', '[]', '"a"', '1', '{"a":"\\ud800"}', '['.repeat(60_000)]) {
      expect(parseEnrolment(utf8(text)).ok).toBe(false);
      expect(parseRevocation(utf8(text)).ok).toBe(false);
    }
    expect(parseEnrolment(Uint8Array.of(0x7b, 0xff, 0x7d)).ok).toBe(false);
  });
});

describe('parseRevocation', () => {
  const good = members(revocation?.message);

  it.each([
    ['an unknown authority', { authority: 'first-use' }],
    ['the authority of an enrolment', { authority: 'token' }],
    ['a key id that is too long', { by: `${good['by']}00` }],
    ['an empty nonce', { nonce: '' }],
    ['a list of reasons', { reason: ['a'] }],
    ['a further member', { x: '' }],
  ])('refuses %s', (_what, change) => {
    expect(parseRevocation(canonical({ ...good, ...change }))).toMatchObject({ ok: false, code: 'registry-message' });
  });

  it('refuses a revocation that lacks a member', () => {
    for (const name of Object.keys(good)) {
      const rest = Object.fromEntries(Object.entries(good).filter(([other]) => other !== name));
      expect(parseRevocation(canonical(rest)).ok, name).toBe(false);
    }
  });

  it('takes any reason, the empty one too', () => {
    for (const reason of ['', 'stolen\n"quoted" 😀']) {
      expect(parseRevocation(canonical({ ...good, reason }))).toMatchObject({ ok: true, value: { reason } });
    }
  });
});

function members(text = ''): Record<string, string | string[]> {
  return JSON.parse(text);
}

function canonical(value: Record<string, string | string[]>): Uint8Array {
  return utf8(canonicalJson(value));
}

/** The same members, the last one first, without spaces. */
function canonicalReversed(text: string): string {
  return JSON.stringify(Object.fromEntries(Object.entries(members(text)).reverse()));
}
