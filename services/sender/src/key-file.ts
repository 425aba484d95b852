// The device's private key on disk: PKCS#8 PEM, mode 0600, made once and then reused. It signs nothing; signer.ts does.
// Algorithms and key forms: format.md, "Keys".

import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { writeWhole } from '@telltale/files';
import { StartError } from './start-error.ts';

export type KeyAlgorithm = 'ed25519' | 'rsa-pss' | 'ecdsa-p256';

export type DeviceKey = Readonly<{ algorithm: KeyAlgorithm; privateKey: KeyObject }>;

/**
 * Reads the key file, or makes it when there is none.
 * @param wanted.algorithm the algorithm the operator asked for; undefined accepts what the file has and makes Ed25519
 * @throws StartError `key-file` when the file is readable by others, is no such key, or has another algorithm
 */
export async function loadDeviceKey(wanted: { path: string; algorithm: KeyAlgorithm | undefined }): Promise<DeviceKey> {
  const found = await readKeyFile(wanted.path);
  if (found === undefined) return createKeyFile({ path: wanted.path, algorithm: wanted.algorithm ?? 'ed25519' });
  if (wanted.algorithm !== undefined && found.algorithm !== wanted.algorithm) {
    throw new StartError(
      'key-file',
      `${wanted.path} holds an ${found.algorithm} key, but KEY_ALGORITHM is ${wanted.algorithm}: unset KEY_ALGORITHM or name another KEY_FILE`,
    );
  }
  return found;
}

async function readKeyFile(path: string): Promise<DeviceKey | undefined> {
  let pem: string;
  try {
    const { mode } = await stat(path);
    // Windows has no such mode bits. Elsewhere the operator closes the file: a key that others may have read is theirs to judge.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new StartError(
        'key-file',
        `${path} can be used by others (mode ${(mode & 0o777).toString(8)}): run chmod 600 on it, or name another KEY_FILE`,
      );
    }
    pem = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof StartError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new StartError('key-file', `${path} cannot be read: check KEY_FILE and its owner`, { cause: error });
  }
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: pem, format: 'pem' });
  } catch (cause) {
    throw new StartError('key-file', `${path} is no PKCS#8 PEM private key without passphrase`, { cause });
  }
  const algorithm = algorithmOf(privateKey);
  if (algorithm === undefined) {
    throw new StartError('key-file', `${path} is neither an Ed25519, a P-256 nor an RSA (2048 to 4096 bit) key`);
  }
  return { algorithm, privateKey };
}

function algorithmOf(key: KeyObject): KeyAlgorithm | undefined {
  const details = key.asymmetricKeyDetails;
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return 'ed25519';
    case 'ec':
      return details?.namedCurve === 'prime256v1' ? 'ecdsa-p256' : undefined;
    case 'rsa': {
      const bits = details?.modulusLength ?? 0;
      return bits >= 2048 && bits <= 4096 && details?.publicExponent === 65_537n ? 'rsa-pss' : undefined;
    }
    default:
      return undefined;
  }
}

async function generate(algorithm: KeyAlgorithm): Promise<KeyObject> {
  const generatePair = promisify(generateKeyPair);
  switch (algorithm) {
    case 'ed25519':
      return (await generatePair('ed25519')).privateKey;
    case 'ecdsa-p256':
      return (await generatePair('ec', { namedCurve: 'prime256v1' })).privateKey;
    case 'rsa-pss':
      return (await generatePair('rsa', { modulusLength: 2048 })).privateKey;
    default:
      return algorithm satisfies never;
  }
}

async function createKeyFile(wanted: { path: string; algorithm: KeyAlgorithm }): Promise<DeviceKey> {
  const privateKey = await generate(wanted.algorithm);
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  try {
    // It signs only after this returns: a crash before loses no key that anybody has seen.
    await writeWhole({ path: wanted.path, chunks: [pem], mode: 0o600, folderMode: 0o700 });
  } catch (cause) {
    throw new StartError('key-file', `${wanted.path} cannot be written: check KEY_FILE, DATA_DIR and their owner`, {
      cause,
    });
  }
  return { algorithm: wanted.algorithm, privateKey };
}
