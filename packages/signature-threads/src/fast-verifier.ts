// Ed25519 by libsodium where it can be loaded: a bit more than half of what OpenSSL needs (0.40 to 0.77 in 16 short runs on one machine, 0.56 at
// the median). It only ever says yes sooner: what it does not take, the ledger's verifier judges, so that the verdict is the ledger's. A test
// holds the two together.

import { createRequire } from 'node:module';
import { createSyncVerifier, type PublicKey, type Result, type SyncVerifier } from '@telltale/ledger/sync-verifier';

/** libsodium's crypto_sign_verify_detached: signature, message and key, each as a piece of memory, its offset and its length. */
type VerifyDetached = (
  signature: ArrayBufferLike,
  signatureAt: number,
  signatureBytes: number,
  message: ArrayBufferLike,
  messageAt: number,
  messageBytes: number,
  key: ArrayBufferLike,
  keyAt: number,
  keyBytes: number,
) => boolean;

/** An Ed25519 SubjectPublicKeyInfo ends with the key (RFC 8410); no other key is as short. */
const ED25519_SPKI_BYTES = 44;
const ED25519_KEY_BYTES = 32;
/** RFC 8032 section 5.1.6. libsodium reads so many bytes, whatever it is given. */
const SIGNATURE_BYTES = 64;

/** Undefined until it was looked for; null where it is not to be had. */
let libsodium: VerifyDetached | null | undefined;

/**
 * As the ledger's createSyncVerifier, and with the same verdicts: a verifier for one key, to be kept and used again. `find`: where libsodium
 * comes from, asked for Ed25519 keys only.
 */
export function createFastVerifier(key: PublicKey, find = findLibsodium): Result<SyncVerifier, 'key-encoding'> {
  const careful = createSyncVerifier(key);
  const verifyDetached = key.spki.length === ED25519_SPKI_BYTES ? find() : null;
  if (!careful.ok || !verifyDetached) return careful;
  const raw = key.spki.slice(-ED25519_KEY_BYTES);
  const verify: SyncVerifier = (message, signature) =>
    (signature.length === SIGNATURE_BYTES &&
      verifyDetached(
        signature.buffer,
        signature.byteOffset,
        SIGNATURE_BYTES,
        message.buffer,
        message.byteOffset,
        message.length,
        raw.buffer,
        raw.byteOffset,
        ED25519_KEY_BYTES,
      )) ||
    careful.value(message, signature);
  return { ok: true, value: verify };
}

/**
 * Null where libsodium is not to be had: with musl, and on processors that the package has no build for. The built library itself, because the
 * package's JavaScript does no more than pass these nine arguments on, and takes longer to load (12 to 19 ms of CPU in each thread against 2 to 3,
 * measured).
 */
export function findLibsodium(): VerifyDetached | null {
  if (libsodium === undefined) {
    const { platform, arch } = process;
    try {
      const require = createRequire(import.meta.url);
      libsodium = require(`sodium-native/prebuilds/${platform}-${arch}/sodium-native.node`).crypto_sign_verify_detached;
    } catch {
      libsodium = null;
    }
  }
  return libsodium ?? null;
}
