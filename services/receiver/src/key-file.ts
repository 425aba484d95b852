// A private key of this receiver on disk: PKCS#8 PEM, Ed25519, mode 0600, made once and then reused. Whose key it is, the caller says.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type PublicKey, parsePublicKey } from '@telltale/ledger';

/** The key in a file. Throws what the file system or the parser throws. */
export async function readKeyFile(file: string): Promise<KeyObject> {
  return createPrivateKey(await readFile(file));
}

/** The key file, made if it is missing. Two receivers that start together end up with the same key: link() fails if the file is there. */
export async function readOrCreateKeyFile(file: string): Promise<KeyObject> {
  // Not the process id: it is the same in every container, and what a crash left behind would stop every later start.
  const unready = `${file}.${randomUUID()}.new`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const { privateKey } = generateKeyPairSync('ed25519');
  const handle = await open(unready, 'wx', 0o600);
  try {
    await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    // A crash before the link leaves a file that nobody reads; after it, the key is whole: it was synced under its first name.
    await handle.sync();
    await link(unready, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await handle.close();
    await rm(unready, { force: true });
  }
  // Before anything is signed with the key, its name must outlive a power cut as well as its content.
  await syncFolder(dirname(file));
  return readKeyFile(file);
}

/** The public half of an Ed25519 key; undefined for a key of another kind. */
export function ed25519KeyOf(privateKey: KeyObject): PublicKey | undefined {
  if (privateKey.asymmetricKeyType !== 'ed25519') return undefined;
  const key = parsePublicKey(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }));
  return key.ok ? key.value : undefined;
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
