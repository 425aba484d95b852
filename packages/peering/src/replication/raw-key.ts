// Ed25519 keys as the ring names them: 32 bytes, without the SubjectPublicKeyInfo around them (RFC 8410).

import { createSyncVerifier, type PublicKey, parsePublicKey } from '@telltale/ledger';

/** Bytes of a raw Ed25519 key and of a signature (RFC 8032). */
export const RAW_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** SubjectPublicKeyInfo before the 32 bytes of an Ed25519 key (RFC 8410). */
const SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

/** The key of 32 raw bytes; undefined for another length or a point of small order. */
export function publicKeyOf(rawKey: Uint8Array): PublicKey | undefined {
  if (rawKey.length !== RAW_KEY_BYTES) return undefined;
  const key = parsePublicKey(Uint8Array.of(...SPKI_PREFIX, ...rawKey));
  return key.ok ? key.value : undefined;
}

/** The 32 bytes that an Ed25519 key's SubjectPublicKeyInfo ends with. */
export function rawKeyOf(key: PublicKey): Uint8Array {
  return key.spki.slice(SPKI_PREFIX.length);
}

/** Whether the raw key signed exactly these bytes. False also for what is no key. */
export function isSignedBy(rawKey: Uint8Array, signed: { text: Uint8Array; signature: Uint8Array }): boolean {
  if (signed.signature.length !== SIGNATURE_BYTES) return false;
  const key = publicKeyOf(rawKey);
  const verifier = key && createSyncVerifier(key);
  return verifier?.ok === true && verifier.value(signed.text, signed.signature);
}
