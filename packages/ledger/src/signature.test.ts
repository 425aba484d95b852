// Signatures of the three algorithms: Wycheproof, and what RSA salts and other encodings are worth here.

import { constants, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { utf8 } from './bytes.ts';
import { type PublicKey, parsePublicKey, parsePublicKeyPem } from './keys.ts';
import { createSigner, createVerifier } from './signature.ts';
import { readWycheproof } from './testing/foreign.ts';
import { bytesOf, readGolden } from './testing/golden.ts';
import { publicKeyOf, verifierOf } from './testing/signing-key.ts';

const { device } = readGolden();
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const message = utf8('{"device":"a"}');

describe('Wycheproof', () => {
  // The RSA files fix one salt length and call every other one invalid ("s_len changed to …"), in signatures that are right otherwise.
  // format.md accepts any salt length, so these must verify here: they are the foreign vectors for that rule.
  it.each([
    ['ed25519', 1, 0],
    ['ecdsa_secp256r1_sha256', 2, 0],
    ['rsa_pss_2048_sha256_mgf1_0', 3, 4],
    ['rsa_pss_2048_sha256_mgf1_32', 3, 6],
    ['rsa_pss_3072_sha256_mgf1_32', 3, 6],
    ['rsa_pss_4096_sha256_mgf1_32', 3, 6],
  ])('%s: every valid signature verifies, and no invalid one', async (name, algorithm, expectedOtherSalts) => {
    const file = readWycheproof(name);
    const wrong: string[] = [];
    let tests = 0;
    let otherSalts = 0;
    for (const group of file.testGroups) {
      const key = parsePublicKey(bytesOf(group.publicKeyDer));
      if (!key.ok) throw new Error(`${group.publicKeyDer}: ${key.message}`);
      expect(key.value.algorithm).toBe(algorithm);
      expect(parsePublicKeyPem(group.publicKeyPem)).toEqual(key);
      const verify = verifierOf(key.value);
      for (const test of group.tests) {
        tests++;
        const isValid = await verify(bytesOf(test.msg), bytesOf(test.sig));
        const isOtherSalt = algorithm === 3 && /^s_len changed to \d+$/.test(test.comment);
        const expected = test.result === 'acceptable' ? isValid : test.result === 'valid' || isOtherSalt;
        if (isOtherSalt) otherSalts++;
        if (isValid !== expected) wrong.push(`${test.tcId} ${test.comment}: ${isValid}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(tests).toBe(file.numberOfTests);
    expect(otherSalts).toBe(expectedOtherSalts);
  });
});

describe('a verifier', () => {
  it('takes an RSA-PSS signature with any salt length', async () => {
    const verify = verifierOf(publicKeyOf(spkiOf(rsa.publicKey)));
    // 222 is the longest salt that fits beside SHA-256 in 2048 bits.
    for (const saltLength of [0, 1, 20, 32, 64, 222]) {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      const signature = sign('sha256', message, { key: rsa.privateKey, padding, saltLength });
      expect(await verify(message, signature), `${saltLength} bytes`).toBe(true);
    }
  });

  it('refuses RSA signatures with PKCS #1 v1.5 padding, another digest or another mask', async () => {
    const verify = verifierOf(publicKeyOf(spkiOf(rsa.publicKey)));
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    expect(await verify(message, sign('sha256', message, rsa.privateKey))).toBe(false);
    expect(await verify(message, sign('sha512', message, { key: rsa.privateKey, padding }))).toBe(false);
    expect(await verify(message, sign('sha1', message, { key: rsa.privateKey, padding }))).toBe(false);
  });

  it('takes a P-256 signature in DER and refuses the same in r ‖ s form, or with another digest', async () => {
    const verify = verifierOf(publicKeyOf(spkiOf(p256.publicKey)));
    const key = p256.privateKey;
    expect(await verify(message, sign('sha256', message, { key, dsaEncoding: 'der' }))).toBe(true);
    expect(await verify(message, sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }))).toBe(false);
    expect(await verify(message, sign('sha384', message, key))).toBe(false);
  });

  it('answers false, and never fails, for signatures of any length', async () => {
    for (const key of [device.key, publicKeyOf(spkiOf(p256.publicKey)), publicKeyOf(spkiOf(rsa.publicKey))]) {
      const verify = verifierOf(key);
      for (const sizeBytes of [0, 1, 63, 64, 65, 72, 256, 4096, 65_000]) {
        expect(await verify(message, new Uint8Array(sizeBytes).fill(0x30))).toBe(false);
      }
    }
  });

  it('refuses another message and another key', async () => {
    const signature = device.sign(message);
    expect(await device.verify(message, signature)).toBe(true);
    expect(await device.verify(utf8('{"device":"b"}'), signature)).toBe(false);
    expect(await readGolden().rotatedTo.verify(message, signature)).toBe(false);
  });

  it('can be used many times at once', async () => {
    const signatures = Array.from({ length: 100 }, (_, i) => device.sign(utf8(String(i))));
    const verdicts = await Promise.all(signatures.map((signature, i) => device.verify(utf8(String(i)), signature)));
    expect(verdicts.every(Boolean)).toBe(true);
  });

  it('is not made from bytes that are no key', () => {
    const notOnCurve: PublicKey = { ...device.key, spki: new Uint8Array(44) };
    expect(createVerifier(notOnCurve)).toMatchObject({ ok: false, code: 'key-encoding' });
  });
});

describe('a signer', () => {
  it('signs as RFC 8032 section 7.1, test 2, does', () => {
    const seed = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb';
    const privateKey = createPrivateKey({
      key: Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex'),
      format: 'der',
      type: 'pkcs8',
    });
    expect(Buffer.from(createSigner(privateKey)(Uint8Array.of(0x72))).toString('hex')).toBe(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
        '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    );
  });

  it('is not made from a key of another kind', () => {
    expect(() => createSigner(p256.privateKey)).toThrow(TypeError);
    expect(() => createSigner(device.privateKey)).not.toThrow();
  });
});

function spkiOf(key: KeyObject): Uint8Array {
  return key.export({ format: 'der', type: 'spki' });
}
