// The registry and readings: who may speak for which device, from a key's first use on.

import { beforeEach, describe, expect, it } from 'vitest';
import { toHex, utf8 } from './bytes.ts';
import { ALGORITHM, ownDevice, parsePublicKey } from './keys.ts';
import { encodeLeaf, LEAF_KIND } from './leaf.ts';
import { encodeEnrolment } from './registry-message.ts';
import { firstUseLeaf } from './testing/registry-leaves.ts';
import { firstUse, ledger, RegistryProbe, reading, revoke } from './testing/registry-probe.ts';
import { testKey } from './testing/signing-key.ts';

const a = testKey(2);
const b = testKey(3);
const c = testKey(4);

let probe: RegistryProbe;

beforeEach(() => {
  probe = new RegistryProbe();
});

describe('a reading', () => {
  it('is accepted once its key and device were enrolled, and names the signature to check', async () => {
    expect(probe.take(firstUse(a, 'x'))).toBe('accepted');
    const verdict = probe.apply(reading(a, '{"device":"x","seq":3}'));
    if (!verdict.ok) throw new Error(verdict.message);
    expect(verdict.value.reading).toEqual({ device: 'x', seq: 3 });
    const [check] = verdict.value.checks;
    expect(verdict.value.checks).toHaveLength(1);
    expect(await check?.signer.verify(check.message, check.signature)).toBe(true);
  });

  it('is refused before its enrolment', () => {
    expect(probe.take(reading(a, '{"device":"x"}'))).toBe('key-unknown');
    expect(probe.take(reading(a, '{}'))).toBe('key-unknown');
  });

  it('is refused for a device that its key was not enrolled for, though another key was', () => {
    probe.take(firstUse(a, 'x'));
    probe.take(firstUse(b, 'y'));
    expect(probe.take(reading(a, '{"device":"y"}'))).toBe('device-not-enrolled');
    expect(probe.take(reading(b, '{"device":"x"}'))).toBe('device-not-enrolled');
    expect(probe.take(reading(a, '{"device":"X"}'))).toBe('device-not-enrolled');
  });

  it('without a device belongs to the key’s own, whatever the key was enrolled for', () => {
    probe.take(firstUse(a));
    const verdict = probe.apply(reading(a, '{"seq":1}'));
    expect(verdict.ok && verdict.value.reading?.device).toBe(ownDevice(a.key.keyId));
    // Naming that device is naming a device, and needs an enrolment that names it.
    expect(probe.take(reading(a, JSON.stringify({ device: ownDevice(a.key.keyId) })))).toBe('device-not-enrolled');
  });

  it('is refused after its key was revoked, and enrolling the key again does not help', () => {
    probe.take(firstUse(a, 'x'));
    expect(probe.take(revoke('admin', ledger, a))).toBe('accepted');
    expect(probe.take(reading(a, '{"device":"x"}'))).toBe('key-revoked');
    expect(probe.take(reading(a, '{}'))).toBe('key-revoked');
    probe.take(firstUse(a, 'x'));
    expect(probe.take(reading(a, '{"device":"x"}'))).toBe('key-revoked');
  });

  it('is refused when its message breaks the rules of readings', () => {
    probe.take(firstUse(a, 'x'));
    for (const message of ['{"device":"x","device":"x"}', '{"device":""}', '{} ', 'telltale-enrol-v1\n']) {
      expect(probe.take(reading(a, message)), message).toBe('message-invalid');
    }
  });

  it('is refused under another algorithm than its key’s', () => {
    probe.take(firstUse(a, 'x'));
    const bytes = reading(a, '{"device":"x"}');
    bytes[1] = ALGORITHM['rsa-pss'];
    expect(probe.take(bytes)).toBe('leaf-algorithm');
  });
});

describe('a first use', () => {
  it('needs no signature, and adds devices to a key that is known', () => {
    probe.take(firstUse(a, 'x'));
    probe.take(firstUse(a, 'y', 'z'));
    for (const device of ['x', 'y', 'z']) expect(probe.take(reading(a, JSON.stringify({ device })))).toBe('accepted');
    const [entry] = probe.registry.keys();
    expect(entry?.leafIndex).toBe(0);
    expect([...(entry?.devices.keys() ?? [])]).toEqual(['x', 'y', 'z']);
  });

  it('is refused when it is signed', () => {
    const message = encodeEnrolment({ authority: 'first-use', key: a.key, devices: ['x'] });
    const { keyId } = a.key;
    const leaf = { kind: LEAF_KIND.keyEnrolled, algorithm: ALGORITHM.ed25519, receivedAtUs: 1, keyId, message };
    expect(probe.take(encodeLeaf({ ...leaf, signature: a.sign(message) }))).toBe('authority-wrong');
  });

  it('is refused when the leaf names another key', () => {
    const message = encodeEnrolment({ authority: 'first-use', key: a.key, devices: ['x'] });
    expect(probe.take(firstUseLeaf({ key: b.key, devices: [], receivedAtUs: 1, message }))).toBe('key-mismatch');
  });

  it('is refused with members that a first use does not have, and in any but the canonical form', () => {
    const message = new TextDecoder().decode(encodeEnrolment({ authority: 'first-use', key: a.key, devices: ['x'] }));
    for (const other of [
      message.replace('"devices"', '"by":"","devices"'),
      message.replace('{', '{ '),
      message.replace('"devices"', '"\\u0064evices"'),
    ]) {
      const leaf = firstUseLeaf({ key: a.key, devices: [], receivedAtUs: 1, message: utf8(other) });
      expect(probe.take(leaf), other).toBe('registry-message');
    }
  });

  it('is refused with a P-256 point that is not on the curve', () => {
    const spki = Buffer.from(`3059301306072a8648ce3d020106082a8648ce3d03010703420004${'01'.repeat(64)}`, 'hex');
    const key = parsePublicKey(spki);
    if (!key.ok) throw new Error(key.message);
    expect(probe.take(firstUseLeaf({ key: key.value, devices: ['x'], receivedAtUs: 1 }))).toBe('registry-message');
  });
});

describe('the keys of a registry', () => {
  it('stand in the order of their first enrolment', () => {
    for (const key of [b, a, b, c]) probe.take(firstUse(key, 'x'));
    const entries = [...probe.registry.keys()].map((entry) => [toHex(entry.key.keyId), entry.leafIndex]);
    expect(entries).toEqual([
      [toHex(b.key.keyId), 0],
      [toHex(a.key.keyId), 1],
      [toHex(c.key.keyId), 3],
    ]);
  });
});
