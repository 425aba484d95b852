// Signing where Node.js runs, with a private key that node:crypto holds.

import { type KeyObject, sign } from 'node:crypto';
import type { Signer } from '../../signature.ts';

/** A signer with an Ed25519 private key. Throws for another kind of key. */
export function createSigner(privateKey: KeyObject): Signer {
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new TypeError('a ledger signs with an Ed25519 key');
  return (message) => sign(null, message, privateKey);
}
