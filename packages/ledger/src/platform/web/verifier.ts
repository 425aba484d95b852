// Verifying in a browser, with the same verdicts as OpenSSL: @noble/curves for the two curves, own arithmetic for RSA-PSS (rsa-pss.ts).
// Not Web Crypto: it must be told the salt length of RSA-PSS, takes no DER from ECDSA, and its Ed25519 differs between browsers.

import { p256 } from '@noble/curves/nist.js';
import { ALGORITHM, type PublicKey, parsePublicKey, rsaModulusOf } from '../../keys.ts';
import { accept, type Result, refuse } from '../../result.ts';
import type { SyncVerifier, Verifier } from '../../signature.ts';
import { createEd25519Verifier } from './ed25519.ts';
import { createRsaPssVerifier } from './rsa-pss.ts';

/** Bytes of a P-256 SubjectPublicKeyInfo before its uncompressed point. */
const P256_POINT_OFFSET = 26;
/** Bytes of an Ed25519 SubjectPublicKeyInfo before its key. */
const ED25519_KEY_OFFSET = 12;

/** A verifier for one key, to be kept and used again. The work is done on the calling thread. Refuses a P-256 point that is not on the curve. */
export function createVerifier(key: PublicKey): Result<Verifier, 'key-encoding'> {
  const verifier = createSyncVerifier(key);
  if (!verifier.ok) return verifier;
  return accept(async (message, signature) => verifier.value(message, signature));
}

/** The same, with the verdict at once. */
export function createSyncVerifier(key: PublicKey): Result<SyncVerifier, 'key-encoding'> {
  const refused = refuse('key-encoding', 'the public key is not a point of its curve');
  const parsed = parsePublicKey(key.spki);
  if (!parsed.ok || parsed.value.algorithm !== key.algorithm) return refused;
  const { algorithm, spki } = parsed.value;
  switch (algorithm) {
    case ALGORITHM.ed25519:
      return accept(createEd25519Verifier(spki.subarray(ED25519_KEY_OFFSET)));
    case ALGORITHM['ecdsa-p256']: {
      const point = spki.subarray(P256_POINT_OFFSET);
      if (!p256.utils.isValidPublicKey(point, false)) return refused;
      return accept((message, signature) => verifyP256({ point, message, signature }));
    }
    case ALGORITHM['rsa-pss']:
      return accept(createRsaPssVerifier(rsaModulusOf(spki)));
    default:
      return algorithm satisfies never;
  }
}

/** DER, and S as high as it comes: OpenSSL asks for no low S. */
function verifyP256(check: { point: Uint8Array; message: Uint8Array; signature: Uint8Array }): boolean {
  try {
    return p256.verify(check.signature, check.message, check.point, { format: 'der', lowS: false, prehash: true });
  } catch {
    // noble throws for a signature of a length that no DER signature has; it is as invalid as any other.
    return false;
  }
}
