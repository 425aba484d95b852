// The ring node's private key on disk: PKCS#8 PEM, Ed25519, mode 0600, made once. It is the node's own, never the ledger's: who reads it can
// speak for the node, but seal nothing.

import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeOnce } from '@telltale/files';
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

/** Two receivers that start together end up with the same key. */
async function createKeyFile(path: string): Promise<Buffer> {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeOnce({ path, chunks: [pem], mode: 0o600, folderMode: 0o700 });
  return readFile(path);
}
