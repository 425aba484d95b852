// A private key of this receiver on disk: PKCS#8 PEM, Ed25519, mode 0600, made once and then reused. Whose key it is, the caller says.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeOnce } from '@telltale/files';
import { type PublicKey, parsePublicKey } from '@telltale/ledger';

/** The key in a file. Throws what the file system or the parser throws. */
export async function readKeyFile(file: string): Promise<KeyObject> {
  return createPrivateKey(await readFile(file));
}

/** The key file, made if it is missing. Two receivers that start together end up with the same key. Nothing is signed before it is on disk. */
export async function readOrCreateKeyFile(file: string): Promise<KeyObject> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeOnce({ path: file, chunks: [pem], mode: 0o600, folderMode: 0o700 });
  return readKeyFile(file);
}

/** The public half of an Ed25519 key; undefined for a key of another kind. */
export function ed25519KeyOf(privateKey: KeyObject): PublicKey | undefined {
  if (privateKey.asymmetricKeyType !== 'ed25519') return undefined;
  const key = parsePublicKey(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }));
  return key.ok ? key.value : undefined;
}
