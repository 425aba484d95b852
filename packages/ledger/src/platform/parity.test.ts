// Both platforms give the same verdicts: on all of Wycheproof, on every salt length, and where Ed25519 verifiers are known to differ.

import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concat, decodeBase64, toHex, utf8 } from '../bytes.ts';
import type { PublicKey } from '../keys.ts';
import {
  craftedSignatures,
  ed25519Spki,
  VERDICTS_WITHOUT_COFACTOR,
  withUnreducedS,
} from '../testing/ed25519-signatures.ts';
import { readWycheproof } from '../testing/foreign.ts';
import { bytesOf, readGolden } from '../testing/golden.ts';
import { publicKeyOf } from '../testing/signing-key.ts';
import { allocate as nodeAllocate } from './node/memory.ts';
import { sha256 as nodeSha256, sha256Text as nodeSha256Text } from './node/sha256.ts';
import * as nodeText from './node/text.ts';
import { createSyncVerifier as createNodeSyncVerifier, createVerifier as createNodeVerifier } from './node/verifier.ts';
import { allocate as webAllocate } from './web/memory.ts';
import { sha256 as webSha256, sha256Text as webSha256Text } from './web/sha256.ts';
import { createSigner as createWebSigner } from './web/signer.ts';
import * as webText from './web/text.ts';
import { createSyncVerifier as createWebSyncVerifier, createVerifier as createWebVerifier } from './web/verifier.ts';

const message = utf8('{"device":"a"}');
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });

describe('SHA-256', () => {
  it('is the same on both platforms, for every length around its blocks and any bytes', () => {
    for (let sizeBytes = 0; sizeBytes < 260; sizeBytes++) {
      const bytes = new Uint8Array(sizeBytes).fill(sizeBytes);
      expect(toHex(webSha256(bytes))).toBe(toHex(nodeSha256(bytes)));
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), (bytes) => {
        expect(toHex(webSha256(bytes))).toBe(toHex(nodeSha256(bytes)));
      }),
    );
  });
});

describe('SHA-256 of a text', () => {
  it('is that of its UTF-8 bytes on both platforms, whatever it holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const expected = toHex(nodeSha256(utf8(text)));
        expect(toHex(nodeSha256Text(text))).toBe(expected);
        expect(toHex(webSha256Text(text))).toBe(expected);
      }),
    );
  });
});

describe('memory', () => {
  it('has the length that was asked for, and is nobody else’s', () => {
    for (const allocate of [nodeAllocate, webAllocate]) {
      const pieces = Array.from({ length: 300 }, (_, i) => allocate(i).fill(i % 256));
      for (const [i, piece] of pieces.entries()) {
        expect(piece).toHaveLength(i);
        expect(piece.every((byte) => byte === i % 256)).toBe(true);
      }
    }
  });
});

describe('hexadecimal and base64', () => {
  it('are the same texts on both platforms', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(webText.toHex(bytes)).toBe(nodeText.toHex(bytes));
        expect(webText.toBase64(bytes)).toBe(nodeText.toBase64(bytes));
      }),
    );
  });

  it('are read, or refused, the same on both platforms', () => {
    const characters = fc.constantFrom(...'ABab09+/=-_ \n\u00c1\u0660\u{1f600}');
    const texts = fc.string({ unit: characters, maxLength: 12 });
    fc.assert(
      fc.property(texts, (text) => {
        expect(webText.fromBase64(text)).toEqual(nodeText.fromBase64(text));
        expect(webText.fromHex(text)).toEqual(nodeText.fromHex(text));
      }),
      { numRuns: 5000 },
    );
  });

  it('are read from bytes as they are from a text', () => {
    const texts = fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(Buffer.from(bytes).toString('base64')));
    const others = fc
      .string({ unit: fc.constantFrom(...'Aa0+/=-\u00c1'), maxLength: 8 })
      .map((text) => Buffer.from(text, 'latin1'));
    fc.assert(
      fc.property(fc.oneof(texts, others), fc.nat({ max: 5 }), (text, at) => {
        const target = new Uint8Array(at + text.length);
        const end = decodeBase64(text, { bytes: target, at });
        const fromText = nodeText.fromBase64(text.toString('latin1'));
        expect(end === undefined ? undefined : toHex(target.subarray(at, end))).toBe(fromText && toHex(fromText));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the verdict on a signature is the same on both platforms', () => {
  it.each([
    'ed25519',
    'ecdsa_secp256r1_sha256',
    'rsa_pss_2048_sha256_mgf1_0',
    'rsa_pss_2048_sha256_mgf1_32',
    'rsa_pss_3072_sha256_mgf1_32',
    'rsa_pss_4096_sha256_mgf1_32',
  ])('for every vector of Wycheproof %s', async (name) => {
    const file = readWycheproof(name);
    const different: number[] = [];
    let tests = 0;
    let valid = 0;
    for (const group of file.testGroups) {
      const { node, web } = verifiersOf(bytesOf(group.publicKeyDer));
      for (const test of group.tests) {
        tests++;
        const expected = await node(bytesOf(test.msg), bytesOf(test.sig));
        if (expected) valid++;
        if ((await web(bytesOf(test.msg), bytesOf(test.sig))) !== expected) different.push(test.tcId);
      }
    }
    expect(different).toEqual([]);
    expect(tests).toBe(file.numberOfTests);
    expect(valid).toBeGreaterThan(0);
  });

  it('for RSA moduli of any bit length and salts of any length', async () => {
    for (const modulusLength of [2048, 2049, 2055, 3072]) {
      const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength });
      const { both } = verifiersOf(spkiOf(publicKey));
      const longest = Math.ceil((modulusLength - 1) / 8) - 34;
      for (const saltLength of [0, 1, 20, 32, longest]) {
        const signature = sign('sha256', message, {
          key: privateKey,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength,
        });
        expect(await both(message, signature), `${modulusLength} bits, salt of ${saltLength}`).toBe(true);
        for (const at of [0, 1, 100, signature.length - 1]) {
          const changed = Uint8Array.from(signature).with(at, 1 ^ (signature[at] ?? 0));
          expect(await both(message, changed)).toBe(false);
        }
      }
    }
  });

  it('for RSA signatures of another padding, digest or length, leading zeros left out included', async () => {
    const { both } = verifiersOf(spkiOf(rsa.publicKey));
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    expect(await both(message, sign('sha256', message, rsa.privateKey))).toBe(false);
    expect(await both(message, sign('sha512', message, { key: rsa.privateKey, padding }))).toBe(false);
    expect(await both(message, sign('sha1', message, { key: rsa.privateKey, padding }))).toBe(false);
    // One signature in 256 begins with a zero byte; PSS with its longest salt is random, so one comes.
    let signature = sign('sha256', message, { key: rsa.privateKey, padding });
    while (signature[0] !== 0) signature = sign('sha256', message, { key: rsa.privateKey, padding });
    expect(await both(message, signature)).toBe(true);
    expect(await both(message, signature.subarray(1))).toBe(false);
    expect(await both(message, concat(Uint8Array.of(0), signature))).toBe(false);
  });

  it('for P-256 in another form, with another digest, or a key that is not on the curve', async () => {
    const spki = spkiOf(p256.publicKey);
    const { both } = verifiersOf(spki);
    const key = p256.privateKey;
    for (let i = 0; i < 20; i++) {
      // High and low S come by chance; OpenSSL and format.md take both.
      expect(await both(message, sign('sha256', message, key))).toBe(true);
    }
    expect(await both(message, sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }))).toBe(false);
    expect(await both(message, sign('sha384', message, key))).toBe(false);
    const offCurve = publicKeyOf(spki.with(90, 1 ^ (spki[90] ?? 0)));
    expect(createNodeVerifier(offCurve)).toMatchObject({ ok: false, code: 'key-encoding' });
    expect(createWebVerifier(offCurve)).toEqual(createNodeVerifier(offCurve));
  });

  it('for signatures of any length and for any 32 bytes as an Ed25519 key', async () => {
    for (const spki of [readGolden().device.key.spki, spkiOf(p256.publicKey), spkiOf(rsa.publicKey)]) {
      const { both } = verifiersOf(spki);
      for (const sizeBytes of [0, 1, 63, 64, 65, 72, 256, 4096, 65_000]) {
        expect(await both(message, new Uint8Array(sizeBytes).fill(0x30))).toBe(false);
      }
    }
    for (let y = 2; y < 40; y++) {
      // About every second one is no point of the curve.
      const { both } = verifiersOf(ed25519Spki(new Uint8Array(32).with(0, y)));
      expect(await both(message, new Uint8Array(64).with(0, 1))).toBe(false);
    }
    const noKey: PublicKey = { ...readGolden().device.key, spki: new Uint8Array(44) };
    expect(createWebVerifier(noKey)).toEqual(createNodeVerifier(noKey));
  });

  it('for Ed25519 signatures whose R or key has a part of small order: without cofactor', async () => {
    const verdicts = new Set<string>();
    for (const { keyKind, rKind, key, message: text, signature } of craftedSignatures(4)) {
      const { both } = verifiersOf(key.spki);
      verdicts.add(`${keyKind} key, ${rKind} R: ${await both(text, signature)}`);
    }
    expect([...verdicts].sort()).toEqual(VERDICTS_WITHOUT_COFACTOR);
  });

  it('for an Ed25519 signature that fits, but for an R that is the neutral point: it is refused', async () => {
    // OpenSSL takes this one, and Node.js before 24.21 with it.
    const key = bytesOf('c4c1227d7fff941a976049ecefad7b663fa5121d769cbbd79a53d344e4773e98');
    const r = new Uint8Array(32).with(0, 1);
    const s = bytesOf('91b29d09ac9d81998610988a07f76750c97cfdb45bacd9e409b05b0b85e0da05');
    const { both } = verifiersOf(ed25519Spki(key));
    expect(await both(utf8('0'), concat(r, s))).toBe(false);
  });

  it('for Ed25519 signatures whose S is not reduced', async () => {
    const { device } = readGolden();
    const { both } = verifiersOf(device.key.spki);
    const signature = device.sign(message);
    expect(await both(message, signature)).toBe(true);
    for (let times = 1; times < 15; times++) expect(await both(message, withUnreducedS(signature, times))).toBe(false);
  });
});

describe('signing', () => {
  it('is for Node.js alone', () => {
    expect(() => createWebSigner(undefined as never)).toThrow('only verifies');
  });
});

/** Both platforms' verifiers of a key; `both` gives the verdict that they agree on. */
function verifiersOf(spki: Uint8Array) {
  const pooled = createNodeVerifier(publicKeyOf(spki));
  const sync = createNodeSyncVerifier(publicKeyOf(spki));
  const later = createWebVerifier(publicKeyOf(spki));
  const atOnce = createWebSyncVerifier(publicKeyOf(spki));
  if (!pooled.ok || !sync.ok || !later.ok || !atOnce.ok) throw new Error('the key is refused');
  // Off the calling thread and on it, node:crypto says the same.
  const node = async (text: Uint8Array, signature: Uint8Array) => {
    const verdict = await pooled.value(text, signature);
    expect(sync.value(text, signature)).toBe(verdict);
    return verdict;
  };
  const web = async (text: Uint8Array, signature: Uint8Array) => {
    const verdict = await later.value(text, signature);
    expect(atOnce.value(text, signature)).toBe(verdict);
    return verdict;
  };
  const both = async (text: Uint8Array, signature: Uint8Array) => {
    const verdict = await node(text, signature);
    expect(await web(text, signature)).toBe(verdict);
    return verdict;
  };
  return { node, web, both };
}

function spkiOf(key: KeyObject): Uint8Array {
  return Uint8Array.from(key.export({ format: 'der', type: 'spki' }));
}
