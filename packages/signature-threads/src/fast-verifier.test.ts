// Ed25519 by libsodium: the ledger's verdict in every case, with libsodium and where it is not to be had.

import { constants, generateKeyPairSync, sign } from 'node:crypto';
import { createSyncVerifier, type PublicKey } from '@telltale/ledger';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  craftedSignatures,
  ed25519Spki,
  VERDICTS_WITHOUT_COFACTOR,
  withUnreducedS,
} from '../../ledger/src/testing/ed25519-signatures.ts';
import { readWycheproof } from '../../ledger/src/testing/foreign.ts';
import { bytesOf } from '../../ledger/src/testing/golden.ts';
import { publicKeyOf, testKey } from '../../ledger/src/testing/signing-key.ts';
import { createFastVerifier, findLibsodium } from './fast-verifier.ts';

const DEVICE = testKey(1);
const MESSAGE = new TextEncoder().encode('{"device":"a","seq":1}');
const SIGNATURE = DEVICE.sign(MESSAGE);

describe('libsodium', () => {
  it('is found on this machine, and takes all that Wycheproof has as valid', () => {
    const libsodium = findLibsodium();
    if (!libsodium) throw new Error('the package has no library that this machine can load');
    let taken = 0;
    const counted: typeof libsodium = (...given) => {
      const isValid = libsodium(...given);
      if (isValid) taken++;
      return isValid;
    };
    let valid = 0;
    for (const { key, tests } of wycheproof()) {
      const fast = createFastVerifier(key, () => counted);
      if (!fast.ok) throw new Error(fast.message);
      for (const { message, signature, isValid } of tests) {
        expect(fast.value(message, signature)).toBe(isValid);
        if (isValid) valid++;
      }
    }
    expect(valid).toBeGreaterThan(0);
    expect(taken).toBe(valid);
  });

  it('is not asked about a key of another kind', () => {
    const never = () => {
      throw new Error('it was asked');
    };
    for (const { key } of otherKeys()) expect(createFastVerifier(key, never).ok).toBe(true);
    expect(() => createFastVerifier(DEVICE.key, never)).toThrow('it was asked');
  });
});

describe.each([
  { where: 'with libsodium', find: findLibsodium },
  { where: 'without libsodium', find: () => null },
  // It may take less than the ledger: each has its versions.
  { where: 'with a libsodium that takes nothing', find: () => () => false },
])('$where, the verdict is the ledger’s', ({ find }) => {
  /** Verifies with both; gives the verdict that they agree on. */
  function verifierOf(key: PublicKey) {
    const fast = createFastVerifier(key, find);
    const careful = createSyncVerifier(key);
    if (!fast.ok || !careful.ok) throw new Error('the key is refused');
    return (message: Uint8Array, signature: Uint8Array) => {
      const verdict = careful.value(message, signature);
      expect(fast.value(message, signature)).toBe(verdict);
      return verdict;
    };
  }
  const verify = verifierOf(DEVICE.key);

  it('for every vector of Wycheproof', () => {
    for (const { key, tests } of wycheproof()) {
      const both = verifierOf(key);
      for (const { message, signature, isValid } of tests) expect(both(message, signature)).toBe(isValid);
    }
  });

  it('where the key or R has a part of small order, or R is not canonical', () => {
    const verdicts = new Set<string>();
    for (const { keyKind, rKind, key, message, signature } of craftedSignatures(8)) {
      const isValid = verifierOf(key)(message, signature);
      verdicts.add(`${keyKind} key, ${rKind} R: ${isValid}`);
    }
    expect([...verdicts].sort()).toEqual(VERDICTS_WITHOUT_COFACTOR);
  });

  it('for an S that is not reduced', () => {
    for (let times = 1; times < 15; times++) expect(verify(MESSAGE, withUnreducedS(SIGNATURE, times))).toBe(false);
  });

  it('for a signature of any length', () => {
    for (const sizeBytes of [0, 1, 32, 63, 65, 128]) {
      const signature = Uint8Array.from({ length: sizeBytes }, (_, i) => SIGNATURE[i] ?? 0);
      expect(verify(MESSAGE, signature)).toBe(false);
    }
    expect(verify(MESSAGE, SIGNATURE)).toBe(true);
  });

  it('for a message, a signature and a key that are views into a larger memory', () => {
    const memory = new Uint8Array(1000).fill(0x7b);
    const viewOf = (bytes: Uint8Array, at: number) => {
      memory.set(bytes, at);
      return memory.subarray(at, at + bytes.length);
    };
    const message = viewOf(MESSAGE, 101);
    const signature = viewOf(SIGNATURE, 303);
    const both = verifierOf({ ...DEVICE.key, spki: viewOf(DEVICE.key.spki, 505) });
    expect(both(message, signature)).toBe(true);
    expect(both(memory.subarray(100, 100 + MESSAGE.length), signature)).toBe(false);
    expect(both(memory.subarray(101, 102 + MESSAGE.length), signature)).toBe(false);
    expect(both(message, memory.subarray(304, 304 + 64))).toBe(false);
    // Of Node.js's pool.
    expect(both(Buffer.from(MESSAGE), Buffer.from(SIGNATURE))).toBe(true);
  });

  it('for a message in memory that threads share', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(MESSAGE.length));
    shared.set(MESSAGE);
    expect(verify(shared, SIGNATURE)).toBe(true);
    expect(verify(shared.fill(1), SIGNATURE)).toBe(false);
  });

  it('for a message without a byte', () => {
    const signature = DEVICE.sign(new Uint8Array());
    expect(verify(new Uint8Array(), signature)).toBe(true);
    expect(verify(MESSAGE.subarray(5, 5), signature)).toBe(true);
    expect(verify(MESSAGE.subarray(5, 6), signature)).toBe(false);
  });

  it('for any message, and when any bit of message, signature or key is another', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(bytes, fc.nat(), fc.constantFrom('message', 'signature', 'key'), (message, bit, where) => {
        const signature = DEVICE.sign(message);
        expect(verify(message, signature)).toBe(true);
        // Of the key the 32 bytes that say which it is. Some are no key that the ledger takes: both verifiers judge them all the same.
        const raw = DEVICE.key.spki.subarray(-32);
        const spki = ed25519Spki(where === 'key' ? flipped(raw, bit) : raw);
        const isValid = verifierOf({ ...DEVICE.key, spki })(
          where === 'message' ? flipped(message, bit) : message,
          where === 'signature' ? flipped(signature, bit) : signature,
        );
        expect(isValid).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('for keys of small order and bytes that are no point, whoever gives them', () => {
    for (let y = 0; y < 40; y++) {
      const both = verifierOf({ ...DEVICE.key, spki: ed25519Spki(new Uint8Array(32).with(0, y)) });
      for (const first of [0, 1, y]) both(MESSAGE, new Uint8Array(64).with(0, first));
      expect(both(MESSAGE, SIGNATURE)).toBe(false);
    }
    const noKey: PublicKey = { ...DEVICE.key, spki: new Uint8Array(44) };
    expect(createFastVerifier(noKey, find)).toEqual(createSyncVerifier(noKey));
    expect(createFastVerifier(noKey, find)).toMatchObject({ ok: false, code: 'key-encoding' });
  });

  it('for ECDSA P-256 and RSA', () => {
    for (const { key, signature } of otherKeys()) {
      const both = verifierOf(key);
      expect(both(MESSAGE, signature)).toBe(true);
      expect(both(MESSAGE.subarray(1), signature)).toBe(false);
      expect(both(MESSAGE, flipped(signature, 300))).toBe(false);
      expect(both(MESSAGE, SIGNATURE)).toBe(false);
    }
  });
});

/** Wycheproof's groups, each of one key that the ledger takes. */
function wycheproof() {
  const file = readWycheproof('ed25519');
  const groups = file.testGroups.map(({ publicKeyDer, tests }) => ({
    key: publicKeyOf(bytesOf(publicKeyDer)),
    tests: tests.map(({ msg, sig, result }) => ({
      message: bytesOf(msg),
      signature: bytesOf(sig),
      isValid: result === 'valid',
    })),
  }));
  expect(groups.flatMap(({ tests }) => tests)).toHaveLength(file.numberOfTests);
  return groups;
}

/** A P-256 and an RSA key, each with its signature of MESSAGE. */
function otherKeys() {
  const pairs = [
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ];
  return pairs.map(({ publicKey, privateKey }) => ({
    key: publicKeyOf(publicKey.export({ format: 'der', type: 'spki' })),
    // Node.js takes no notice of the padding for P-256.
    signature: sign('sha256', MESSAGE, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING }),
  }));
}

/** The same bytes but for one bit, counted around. */
function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const at = Math.floor(bit / 8) % bytes.length;
  return Uint8Array.from(bytes).with(at, (bytes[at] ?? 0) ^ (1 << (bit % 8)));
}
