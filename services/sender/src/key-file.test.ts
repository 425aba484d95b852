// The key file on a real disk, and that its signatures verify with node:crypto.

import { createPublicKey, verify } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type KeyAlgorithm, loadDeviceKey } from './key-file.ts';
import { createSigner } from './signer.ts';
import { temporaryFolders } from './testing/temporary-folder.ts';

const newFolder = temporaryFolders();
const ALGORITHMS: KeyAlgorithm[] = ['ed25519', 'rsa-pss', 'ecdsa-p256'];
const MESSAGE = Buffer.from('{"device": "Raspberry Pi 1", "distance": 120}');

const VERIFY = {
  ed25519: (pem: string, signature: Uint8Array) => verify(null, MESSAGE, pem, signature),
  'ecdsa-p256': (pem: string, signature: Uint8Array) => verify('sha256', MESSAGE, pem, signature),
  // 6 is RSA_PKCS1_PSS_PADDING; a salt of exactly 32 bytes is demanded.
  'rsa-pss': (pem: string, signature: Uint8Array) =>
    verify('sha256', MESSAGE, { key: pem, padding: 6, saltLength: 32 }, signature),
};

describe('the key file', () => {
  it.each(ALGORITHMS)('is made once for %s, closed to others, and reused', async (algorithm) => {
    const folder = newFolder();
    const path = join(folder, 'sender', 'key.pem');
    const first = createSigner(await loadDeviceKey({ path, algorithm }));
    const pem = readFileSync(path, 'utf8');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(readdirSync(join(folder, 'sender'))).toEqual(['key.pem']);

    const again = createSigner(await loadDeviceKey({ path, algorithm: undefined }));
    expect(again.algorithm).toBe(algorithm);
    expect(again.key.keyId).toEqual(first.key.keyId);
    expect(readFileSync(path, 'utf8')).toBe(pem);

    const { publicKeyPem } = again.key;
    expect(createPublicKey(publicKeyPem).export({ type: 'spki', format: 'pem' })).toBe(publicKeyPem);
    expect(VERIFY[algorithm](publicKeyPem, await again.sign(MESSAGE))).toBe(true);
  });

  it('replaces what a crash in the middle of making it left behind', async () => {
    const path = join(newFolder(), 'key.pem');
    writeFileSync(`${path}.tmp`, 'half a k');
    expect((await loadDeviceKey({ path, algorithm: undefined })).algorithm).toBe('ed25519');
  });

  it('is refused when another algorithm is asked for', async () => {
    const path = join(newFolder(), 'key.pem');
    await loadDeviceKey({ path, algorithm: 'ed25519' });
    await expect(loadDeviceKey({ path, algorithm: 'rsa-pss' })).rejects.toMatchObject({
      code: 'key-file',
      message: expect.stringContaining('KEY_ALGORITHM is rsa-pss'),
    });
  });

  it('is refused, and left as it is, when others may read it', async () => {
    const path = join(newFolder(), 'key.pem');
    await loadDeviceKey({ path, algorithm: 'ed25519' });
    chmodSync(path, 0o640);
    await expect(loadDeviceKey({ path, algorithm: undefined })).rejects.toMatchObject({
      code: 'key-file',
      message: expect.stringContaining('mode 640'),
    });
    expect(statSync(path).mode & 0o777).toBe(0o640);
  });

  it('is refused when it holds no key', async () => {
    const path = join(newFolder(), 'key.pem');
    writeFileSync(path, 'no key', { mode: 0o600 });
    await expect(loadDeviceKey({ path, algorithm: undefined })).rejects.toMatchObject({ code: 'key-file' });
  });
});
