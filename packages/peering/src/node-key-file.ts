// The ring node's private key on disk: PKCS#8 PEM, Ed25519, mode 0600, made once. It is the node's own, never the ledger's: who reads it can
// speak for the node, but seal nothing.

import { createPrivateKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type NodeIdentity, nodeIdentityOf } from './transport/node-identity.ts';

/** The node of the key file, which is made if it is missing. Throws what the file system says, and Error for a file that is no such key. */
export async function openNodeKey(file: string): Promise<NodeIdentity> {
  const text = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return createKeyFile(file);
    throw error;
  });
  try {
    return nodeIdentityOf(createPrivateKey(text));
  } catch (cause) {
    throw new Error('NODE_KEY_FILE holds no Ed25519 private key as PKCS#8 PEM', { cause });
  }
}

/** Two receivers that start together end up with the same key: link() fails if the file is there. */
async function createKeyFile(file: string): Promise<Buffer> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const unready = `${file}.${randomUUID()}.new`;
  const { privateKey } = generateKeyPairSync('ed25519');
  const handle = await open(unready, 'wx', 0o600);
  try {
    await handle.writeFile(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    // A crash before the link leaves a file that nobody reads; after it, the key is whole: it was synced under its first name. If the folder's
    // entry is lost in a power cut, the next start makes another node, which the ring takes for a new one.
    await handle.sync();
    await link(unready, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await handle.close();
    await rm(unready, { force: true });
  }
  return readFile(file);
}
