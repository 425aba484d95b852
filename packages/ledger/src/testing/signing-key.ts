// A key pair for tests: what a device or a ledger holds, made from a seed so that every run has the same keys.

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { type PublicKey, parsePublicKey } from '../keys.ts';
import { createSigner, createVerifier, type Signer, type Verifier } from '../signature.ts';

export interface SigningKey {
  readonly key: PublicKey;
  readonly privateKey: KeyObject;
  readonly sign: Signer;
  readonly verify: Verifier;
}

/** PKCS#8 before the 32 bytes of an Ed25519 seed (RFC 8410 section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The Ed25519 key pair of a 32-byte seed. */
export function signingKeyOf(seed: Uint8Array): SigningKey {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const key = publicKeyOf(createPublicKey(privateKey).export({ format: 'der', type: 'spki' }));
  return { key, privateKey, sign: createSigner(privateKey), verify: verifierOf(key) };
}

/** The key of a SubjectPublicKeyInfo that is known to be good. */
export function publicKeyOf(spki: Uint8Array): PublicKey {
  const key = parsePublicKey(spki);
  if (!key.ok) throw new TypeError(key.message);
  return key.value;
}

/** A verifier for a key that is known to be good. */
export function verifierOf(key: PublicKey): Verifier {
  const verifier = createVerifier(key);
  if (!verifier.ok) throw new TypeError(verifier.message);
  return verifier.value;
}

/** A key of tests, told apart by one byte. */
export function testKey(seedByte: number): SigningKey {
  return signingKeyOf(new Uint8Array(32).fill(seedByte));
}
