// Verifying where Node.js runs: OpenSSL through node:crypto, on libuv's thread pool or, for whoever has threads of their own, on the calling one.
// Ed25519: RFC 8032, without cofactor, and no R of small order, whatever Node.js's version says of one.
// ECDSA P-256 with SHA-256: DER. RSA: PSS, SHA-256, MGF1-SHA-256, any salt length.

import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { hasSmallOrder } from '../../ed25519-small-order.ts';
import { ALGORITHM, type PublicKey } from '../../keys.ts';
import { accept, type Result, refuse } from '../../result.ts';
import type { SyncVerifier, Verifier } from '../../signature.ts';

/**
 * A verifier for one key, to be kept and used again: importing a key costs about as much as verifying once.
 * The work runs on libuv's thread pool. Refuses a P-256 point that is not on the curve.
 */
export function createVerifier(key: PublicKey): Result<Verifier, 'key-encoding'> {
  const imported = importKey(key);
  if (!imported.ok) return imported;
  const { digest, parameters, signatureBytes, isEd25519 } = imported.value;
  return accept((message, signature) => {
    if (signatureBytes !== undefined && signature.length !== signatureBytes) return Promise.resolve(false);
    return new Promise((resolve) => {
      verify(digest, message, parameters, signature, (error, isValid) => {
        // OpenSSL reports some malformed signatures as errors: they are not valid signatures either.
        resolve(error === null && isValid && !(isEd25519 && hasSmallOrder(signature)));
      });
    });
  });
}

/** The same, on the calling thread: without the cost of a job for each signature. */
export function createSyncVerifier(key: PublicKey): Result<SyncVerifier, 'key-encoding'> {
  const imported = importKey(key);
  if (!imported.ok) return imported;
  const { digest, parameters, signatureBytes, isEd25519 } = imported.value;
  return accept((message, signature) => {
    if (signatureBytes !== undefined && signature.length !== signatureBytes) return false;
    try {
      return verify(digest, message, parameters, signature) && !(isEd25519 && hasSmallOrder(signature));
    } catch {
      // As above: some malformed signatures are errors.
      return false;
    }
  });
}

/** `signatureBytes`: of RSA. OpenSSL takes an RSA signature without its leading zero bytes; RFC 8017 section 8.1.2 has it as long as the modulus. */
function importKey(key: PublicKey) {
  let imported: KeyObject;
  try {
    imported = createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' });
  } catch {
    // OpenSSL's words name no cause that a caller could act on; the encoding was checked before, so only the point is left.
    return refuse('key-encoding', 'the public key is not a point of its curve');
  }
  const { modulusLength } = imported.asymmetricKeyDetails ?? {};
  const signatureBytes = modulusLength === undefined ? undefined : Math.ceil(modulusLength / 8);
  return accept({ ...parametersOf(key, imported), signatureBytes, isEd25519: key.algorithm === ALGORITHM.ed25519 });
}

/** The key itself where that says everything: looking for it inside an object costs node:crypto two exceptions a call, about 20 µs. */
function parametersOf(key: PublicKey, imported: KeyObject) {
  switch (key.algorithm) {
    case ALGORITHM.ed25519:
      return { digest: null, parameters: imported };
    case ALGORITHM['ecdsa-p256']:
      // DER is what node:crypto takes unless told otherwise.
      return { digest: 'sha256', parameters: imported };
    case ALGORITHM['rsa-pss']: {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      return {
        digest: 'sha256',
        parameters: { key: imported, padding, saltLength: constants.RSA_PSS_SALTLEN_AUTO },
      };
    }
    default:
      return key.algorithm satisfies never;
  }
}
