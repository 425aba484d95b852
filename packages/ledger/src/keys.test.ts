// Public keys: every accepted encoding, and why each other one is refused. One key has one id.

import { createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toHex } from './bytes.ts';
import { ALGORITHM, keyIdOf, ownDevice, parsePublicKey, parsePublicKeyPem, publicKeyPem } from './keys.ts';
import { createVerifier } from './signature.ts';
import { ed25519Spki } from './testing/ed25519-signatures.ts';
import { encodeY, torsionEncodings } from './testing/ed25519-torsion.ts';
import { readWycheproof } from './testing/foreign.ts';
import { bytesOf, readGolden } from './testing/golden.ts';
import { derLength, rsaSpkiOf } from './testing/rsa-spki.ts';

const { vectors, device, ledger, rotatedTo } = readGolden();
const P256_PREFIX = '3059301306072a8648ce3d020106082a8648ce3d030107034200';
const FIELD = 2n ** 255n - 19n;

const ed25519 = bytesOf(vectors.device.spki_der);
const p256 = keysOf('ecdsa_secp256r1_sha256')[0] ?? new Uint8Array(0);
const rsa = ['2048', '3072', '4096'].flatMap((bits) => keysOf(`rsa_pss_${bits}_sha256_mgf1_32`));

describe('the golden keys', () => {
  it('follow from their seeds, and their ids from their encodings', () => {
    for (const [made, given] of [
      [device, vectors.device],
      [ledger, vectors.ledger],
      [rotatedTo, vectors.rotated_to],
    ] as const) {
      expect(toHex(made.key.spki)).toBe(given.spki_der);
      expect(toHex(made.key.keyId)).toBe(given.key_id);
      expect(toHex(keyIdOf(bytesOf(given.spki_der)))).toBe(given.key_id);
      expect(made.key.algorithm).toBe(ALGORITHM.ed25519);
    }
  });

  it('speak for a device named by the first 16 digits of the id', () => {
    expect(ownDevice(device.key.keyId)).toBe('fd110d301d2f077d');
  });
});

describe('parsePublicKey', () => {
  it('accepts Ed25519, P-256 and RSA keys, and keeps their bytes', () => {
    for (const [spki, algorithm] of [[ed25519, 1], [p256, 2], ...rsa.map((key) => [key, 3] as const)] as const) {
      const key = parsePublicKey(spki);
      expect(key).toMatchObject({ ok: true, value: { algorithm } });
      expect(key.ok && toHex(key.value.spki)).toBe(toHex(spki));
    }
    expect(rsa).toHaveLength(3);
  });

  it('changes nothing in the bytes that it reads, and holds a copy of them', () => {
    for (const hex of [vectors.ledger.spki_der, vectors.rotated_to.spki_der, toHex(p256)]) {
      const source = Buffer.from(hex, 'hex');
      const key = parsePublicKey(source);
      expect(source.toString('hex')).toBe(hex);
      source.fill(0);
      expect(key.ok && toHex(key.value.spki)).toBe(hex);
    }
  });

  it('refuses every key that lacks its end or has bytes behind it', () => {
    for (const spki of [ed25519, p256, ...rsa]) {
      for (let end = 0; end < spki.length; end++) expect(parsePublicKey(spki.subarray(0, end)).ok).toBe(false);
      expect(parsePublicKey(Uint8Array.of(...spki, 0)).ok).toBe(false);
      expect(parsePublicKey(Uint8Array.of(...spki, 0x05, 0x00)).ok).toBe(false);
    }
  });

  it('accepts a changed byte only where OpenSSL writes the changed key in the same bytes', () => {
    for (const spki of [ed25519, p256, ...rsa.slice(0, 1)]) {
      for (let at = 0; at < spki.length; at++) {
        for (const bit of [0x01, 0x80]) {
          const bytes = spki.with(at, (spki[at] ?? 0) ^ bit);
          const key = parsePublicKey(bytes);
          if (!key.ok || !createVerifier(key.value).ok) continue;
          const imported = createPublicKey({ key: Buffer.from(bytes), format: 'der', type: 'spki' });
          expect(imported.export({ format: 'der', type: 'spki' }).toString('hex')).toBe(toHex(bytes));
        }
      }
    }
  });

  it('refuses garbage', () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(44), new Uint8Array(91).fill(0x30), new Uint8Array(294)]) {
      expect(parsePublicKey(bytes)).toMatchObject({ ok: false, code: 'key-unsupported' });
    }
  });
});

describe('an Ed25519 key', () => {
  it('is refused when it is one of the eight points of small order', () => {
    const encodings = torsionEncodings();
    expect(new Set(encodings.map(toHex)).size).toBe(8);
    for (const point of encodings) {
      expect(parsePublicKey(ed25519Spki(point)), toHex(point)).toMatchObject({ ok: false, code: 'key-small-order' });
    }
  });

  it('is refused when it is a point of small order with the other sign bit', () => {
    // x = 0 has no sign, so (0, ±1) with the bit set is a second spelling that lenient readers take.
    for (const y of [1n, FIELD - 1n]) {
      expect(parsePublicKey(ed25519Spki(encodeY(y, true)))).toMatchObject({ ok: false, code: 'key-small-order' });
    }
  });

  it('is refused when y is not below the field’s prime, with either sign', () => {
    for (let y = FIELD; y < 2n ** 255n; y++) {
      for (const isXOdd of [false, true]) {
        expect(parsePublicKey(ed25519Spki(encodeY(y, isXOdd)))).toMatchObject({ ok: false, code: 'key-encoding' });
      }
    }
    expect(parsePublicKey(ed25519Spki(encodeY(FIELD - 2n, false))).ok).toBe(true);
  });

  it('is refused under the Ed448 and X25519 identifiers', () => {
    for (const oid of ['2b6571', '2b656e']) {
      const spki = bytesOf(toHex(ed25519).replace('2b6570', oid));
      expect(parsePublicKey(spki)).toMatchObject({ ok: false, code: 'key-unsupported' });
    }
  });
});

describe('a P-256 key', () => {
  it('is refused as a compressed point', () => {
    const x = toHex(p256.subarray(27, 59));
    for (const lead of ['02', '03']) {
      const compressed = bytesOf(`3039301306072a8648ce3d020106082a8648ce3d030107032200${lead}${x}`);
      expect(createPublicKey({ key: Buffer.from(compressed), format: 'der', type: 'spki' }).type).toBe('public');
      expect(parsePublicKey(compressed)).toMatchObject({ ok: false, code: 'key-unsupported' });
    }
  });

  it('is refused in the hybrid form and as the point at infinity', () => {
    expect(parsePublicKey(p256.with(26, 0x06))).toMatchObject({ ok: false, code: 'key-unsupported' });
    const infinity = bytesOf('3019301306072a8648ce3d020106082a8648ce3d03010703020000');
    expect(parsePublicKey(infinity)).toMatchObject({ ok: false, code: 'key-unsupported' });
  });

  it('is refused by createVerifier when its point is not on the curve', () => {
    for (const spki of [bytesOf(`${P256_PREFIX}04${'01'.repeat(64)}`), p256.with(90, (p256[90] ?? 0) ^ 1)]) {
      const key = parsePublicKey(spki);
      if (!key.ok) throw new Error(key.message);
      expect(createVerifier(key.value)).toMatchObject({ ok: false, code: 'key-encoding' });
    }
  });

  it('is refused on another curve', () => {
    // secp256k1, of the same length.
    const spki = bytesOf(`3056301006072a8648ce3d020106052b8104000a03420004${'01'.repeat(64)}`);
    expect(parsePublicKey(spki)).toMatchObject({ ok: false, code: 'key-unsupported' });
  });
});

describe('an RSA key', () => {
  it('has 2048 to 4096 bits, to the bit', () => {
    for (const bits of [1024, 2040, 2047, 4097, 4104, 8192]) {
      expect(parsePublicKey(rsaSpkiOf({ bits })), `${bits} bits`).toMatchObject({ ok: false, code: 'key-size' });
    }
    for (const bits of [2048, 2049, 3071, 3072, 4095, 4096]) {
      expect(parsePublicKey(rsaSpkiOf({ bits })), `${bits} bits`).toMatchObject({ ok: true });
    }
  });

  it('is refused with another exponent than 65537', () => {
    for (const exponent of [[3], [17], [1], [0, 1, 0, 1], [1, 0, 0, 1]]) {
      const verdict = parsePublicKey(rsaSpkiOf({ bits: 2048, exponent }));
      expect(verdict, `${exponent}`).toMatchObject({ ok: false, code: 'key-encoding' });
    }
  });

  it('is refused under RSASSA-PSS, and without the NULL of its parameters', () => {
    for (const algorithm of [
      '300b06092a864886f70d01010a',
      '300d06092a864886f70d01010a0500',
      '300b06092a864886f70d010101',
    ]) {
      const spki = rsaSpkiOf({ bits: 2048, algorithm: Buffer.from(algorithm, 'hex') });
      expect(parsePublicKey(spki), algorithm).toMatchObject({ ok: false, code: 'key-unsupported' });
    }
  });

  it('is refused with lengths that are BER but not DER', () => {
    const longer = [
      // Always two octets, or three, or a long form for one.
      (n: number) => [0x82, n >> 8, n & 0xff],
      (n: number) => [0x83, 0, n >> 8, n & 0xff],
      (n: number) => (n < 0x80 ? [0x81, n] : derLength(n)),
      (n: number) => (n > 0xff ? [0x80] : derLength(n)),
    ];
    for (const length of longer) expect(parsePublicKey(rsaSpkiOf({ bits: 2048, length })).ok).toBe(false);
    expect(parsePublicKey(rsaSpkiOf({ bits: 2048, length: derLength })).ok).toBe(true);
  });

  it('is refused with a modulus that begins with a needless zero, or that is negative', () => {
    const good = rsaSpkiOf({ bits: 2048 });
    // 2040 bits with one zero byte too many; 2048 bits whose zero byte became part of the number.
    const padded = good.with(33, 0x00);
    const negative = good.with(32, 0x80);
    for (const spki of [padded, negative]) expect(parsePublicKey(spki).ok).toBe(false);
  });

  it('is refused with unused bits in its bit string', () => {
    const good = rsaSpkiOf({ bits: 2048 });
    expect(good[23]).toBe(0);
    expect(parsePublicKey(good.with(23, 1))).toMatchObject({ ok: false, code: 'key-encoding' });
  });
});

describe('PEM', () => {
  const pem = publicKeyPem(rsa[0] ?? new Uint8Array(0));

  it('is the text that OpenSSL writes', () => {
    for (const spki of [ed25519, p256, ...rsa]) {
      const imported = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
      expect(publicKeyPem(spki)).toBe(imported.export({ format: 'pem', type: 'spki' }));
    }
  });

  it('reads back to the same key', () => {
    for (const spki of [ed25519, p256, ...rsa]) {
      expect(parsePublicKeyPem(publicKeyPem(spki))).toEqual(parsePublicKey(spki));
    }
  });

  it('may have CRLF, no line feeds inside, and text around it', () => {
    for (const text of [
      pem.replaceAll('\n', '\r\n'),
      `Subject: a device\n\n${pem}\n-- the end\n`,
      pem.trimEnd(),
      pem.replace(/(?<=[A-Za-z0-9+/])\n(?=[A-Za-z0-9+/])/g, ''),
    ]) {
      expect(parsePublicKeyPem(text)).toEqual(parsePublicKey(rsa[0] ?? new Uint8Array(0)));
    }
  });

  it('is refused under another label, private keys above all', () => {
    for (const label of ['RSA PUBLIC KEY', 'PRIVATE KEY', 'CERTIFICATE']) {
      const verdict = parsePublicKeyPem(pem.replaceAll('PUBLIC KEY', label));
      expect(verdict, label).toMatchObject({ ok: false, code: 'key-unsupported' });
    }
  });

  it('is refused when it is not PEM', () => {
    for (const text of [
      '',
      'garbage',
      pem.replace('-----END PUBLIC KEY-----', ''),
      pem.replace('END PUBLIC KEY', 'END PRIVATE KEY'),
      pem.slice(0, 100),
      pem.replace('MII', 'MI*'),
      pem.replace('MII', 'M-I'),
    ]) {
      expect(parsePublicKeyPem(text), text).toMatchObject({ ok: false, code: 'key-not-pem' });
    }
  });

  it('is refused when its content is cut or empty', () => {
    expect(parsePublicKeyPem(publicKeyPem(ed25519.subarray(0, 42))).ok).toBe(false);
    expect(parsePublicKeyPem(publicKeyPem(new Uint8Array(0))).ok).toBe(false);
  });

  it('names the first key where two stand one after the other', () => {
    expect(parsePublicKeyPem(publicKeyPem(ed25519) + pem)).toEqual(parsePublicKey(ed25519));
  });
});

function keysOf(name: string): Uint8Array[] {
  return readWycheproof(name).testGroups.map((group) => bytesOf(group.publicKeyDer));
}
