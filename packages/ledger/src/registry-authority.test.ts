// The registry and those who vouch: enrolments by the ledger, rotations, revocations, and whose signature each of them needs.

import { generateKeyPairSync, sign } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { ALGORITHM, parsePublicKey } from './keys.ts';
import { enrolmentLeaf, revocationLeaf } from './testing/registry-leaves.ts';
import { firstUse, ledger, origin, RegistryProbe, reading, revoke } from './testing/registry-probe.ts';
import { testKey, verifierOf } from './testing/signing-key.ts';

const a = testKey(2);
const b = testKey(3);
const c = testKey(4);
const at = { origin, receivedAtUs: 1 };

let probe: RegistryProbe;

beforeEach(() => {
  probe = new RegistryProbe();
});

describe('an enrolment by the ledger', () => {
  it.each(['token', 'admin'] as const)(
    'with authority %s has the ledger’s signature and a proof of possession',
    async (authority) => {
      const leaf = enrolmentLeaf({ authority, by: ledger, subject: a, devices: ['x'], ...at });
      expect(await probe.checksHold(leaf)).toEqual([true, true]);
      expect(probe.take(reading(a, '{"device":"x"}'))).toBe('accepted');
    },
  );

  it('is refused when another key stands in the ledger’s place', () => {
    probe.take(firstUse(b, 'x'));
    for (const authority of ['token', 'admin'] as const) {
      const leaf = enrolmentLeaf({ authority, by: b, subject: a, devices: ['x'], ...at });
      expect(probe.take(leaf)).toBe('authority-wrong');
    }
  });

  it('does not hold with the possession of another key', async () => {
    const leaf = enrolmentLeaf({ authority: 'admin', by: ledger, subject: a, devices: ['x'], possessor: b, ...at });
    expect(await probe.checksHold(leaf)).toEqual([true, false]);
  });

  it('does not hold when another signed in the ledger’s name', async () => {
    const by = { ...ledger, sign: b.sign };
    const leaf = enrolmentLeaf({ authority: 'admin', by, subject: a, devices: ['x'], ...at });
    expect(await probe.checksHold(leaf)).toEqual([false, true]);
  });

  it('does not hold in the log of another origin', async () => {
    const leaf = enrolmentLeaf({
      authority: 'admin',
      by: ledger,
      subject: a,
      devices: ['x'],
      ...at,
      origin: 'elsewhere',
    });
    expect(await probe.checksHold(leaf)).toEqual([false, false]);
  });
});

describe('a rotation', () => {
  const rotation = (by: typeof a, subject: typeof a, ...devices: string[]) =>
    enrolmentLeaf({ authority: 'rotation', by, subject, devices, ...at });

  it('lets an enrolled key name its successor for devices of its own', async () => {
    probe.take(firstUse(a, 'x', 'y'));
    expect(await probe.checksHold(rotation(a, b, 'x'))).toEqual([true, true]);
    expect(probe.take(reading(b, '{"device":"x"}'))).toBe('accepted');
    expect(probe.take(reading(b, '{"device":"y"}'))).toBe('device-not-enrolled');
    expect(probe.take(reading(a, '{"device":"x"}'))).toBe('accepted');
  });

  it('is refused for a device that the old key has not', () => {
    probe.take(firstUse(a, 'x'));
    probe.take(firstUse(c, 'z'));
    expect(probe.take(rotation(a, b, 'x', 'z'))).toBe('authority-wrong');
    expect(probe.take(reading(b, '{"device":"x"}'))).toBe('key-unknown');
  });

  it('is refused by a key that is unknown, revoked, or the ledger’s', () => {
    expect(probe.take(rotation(a, b, 'x'))).toBe('key-unknown');
    expect(probe.take(rotation(ledger, b, 'x'))).toBe('key-unknown');
    probe.take(firstUse(a, 'x'));
    probe.take(revoke('self', a, a));
    expect(probe.take(rotation(a, b, 'x'))).toBe('key-revoked');
  });

  it('is refused under another algorithm than the old key’s', () => {
    probe.take(firstUse(a, 'x'));
    const leaf = rotation(a, b, 'x');
    leaf[1] = ALGORITHM['ecdsa-p256'];
    expect(probe.take(leaf)).toBe('leaf-algorithm');
  });

  it('goes from Ed25519 to P-256, and the new key’s readings verify', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = parsePublicKey(pair.publicKey.export({ format: 'der', type: 'spki' }));
    if (!key.ok) throw new Error(key.message);
    const subject = {
      key: key.value,
      privateKey: pair.privateKey,
      sign: (message: Uint8Array) => sign('sha256', message, pair.privateKey),
      verify: verifierOf(key.value),
    };
    probe.take(firstUse(a, 'x'));
    expect(await probe.checksHold(rotation(a, subject, 'x'))).toEqual([true, true]);
    expect(await probe.checksHold(reading(subject, '{"device":"x"}'))).toEqual([true]);
  });
});

describe('a revocation', () => {
  beforeEach(() => {
    probe.take(firstUse(a, 'x'));
    probe.take(firstUse(c, 'x'));
  });

  it.each([
    ['admin', ledger],
    ['self', a],
    ['rotation', a],
  ] as const)('with authority %s holds when the right key signed it', async (authority, by) => {
    expect(await probe.checksHold(revoke(authority, by, a))).toEqual([true]);
    expect(probe.take(reading(a, '{}'))).toBe('key-revoked');
    const [entry] = probe.registry.keys();
    expect(entry?.revokedAt).toBe(2);
  });

  it('may come from the key’s successor, not from a successor of another key', async () => {
    probe.take(enrolmentLeaf({ authority: 'rotation', by: a, subject: b, devices: ['x'], ...at }));
    expect(probe.take(revoke('rotation', b, c))).toBe('authority-wrong');
    expect(probe.take(revoke('self', b, a))).toBe('authority-wrong');
    expect(await probe.checksHold(revoke('rotation', b, a))).toEqual([true]);
  });

  it('is refused from a stranger', () => {
    for (const authority of ['admin', 'self', 'rotation'] as const) {
      expect(probe.take(revoke(authority, c, a)), authority).toBe('authority-wrong');
      expect(probe.take(revoke(authority, b, a)), authority).toBe('authority-wrong');
    }
    expect(probe.take(revoke('self', ledger, a))).toBe('authority-wrong');
    expect(probe.take(reading(a, '{"device":"x"}'))).toBe('accepted');
  });

  it('is refused for a key that is unknown or revoked already', () => {
    expect(probe.take(revoke('admin', ledger, b))).toBe('key-unknown');
    probe.take(revoke('admin', ledger, a));
    expect(probe.take(revoke('admin', ledger, a))).toBe('key-revoked');
    expect(probe.take(revoke('self', a, a))).toBe('key-revoked');
  });

  it('is refused under another algorithm than the signer’s, and changes nothing', () => {
    const leaf = revoke('admin', ledger, a);
    leaf[1] = ALGORITHM['rsa-pss'];
    expect(probe.take(leaf)).toBe('leaf-algorithm');
    expect(probe.take(reading(a, '{"device":"x"}'))).toBe('accepted');
  });

  it('does not hold when the signature is of another key or another origin', async () => {
    const forged = revoke('admin', { ...ledger, sign: c.sign }, a);
    expect(await probe.checksHold(forged)).toEqual([false]);
    const foreign = revocationLeaf({ authority: 'self', by: c, keyId: c.key.keyId, ...at, origin: 'elsewhere' });
    expect(await probe.checksHold(foreign)).toEqual([false]);
  });
});
