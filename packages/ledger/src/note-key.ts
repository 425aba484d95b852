// C2SP verifier keys: `<name>+<key hash>+<base64(type ‖ Ed25519 key)>`, for every signature type whose key is an Ed25519 key.
// What a signature of a type covers is not said here: see note.ts (type 0x01) and cosignature.ts (type 0x04). Source: C2SP signed-note.

import { concat, fromBase64, toBase64, toHex, utf8 } from './bytes.ts';
import { sha256 } from './hash.ts';
import { ALGORITHM, type PublicKey, parsePublicKey } from './keys.ts';
import { accept, type Result, refuse } from './result.ts';

/** Signature types of C2SP signed-note whose keys are Ed25519 keys. */
export const NOTE_KEY_TYPE = { ed25519: 0x01, cosignature: 0x04 } as const;
export type NoteKeyType = (typeof NOTE_KEY_TYPE)[keyof typeof NOTE_KEY_TYPE];

/** Bytes of a key hash. */
export const KEY_HASH_BYTES = 4;
const ED25519_KEY_BYTES = 32;
/** SubjectPublicKeyInfo before the 32 bytes of an Ed25519 key (RFC 8410). */
const ED25519_SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);

export interface NoteKey {
  readonly name: string;
  readonly keyHash: Uint8Array;
  readonly key: PublicKey;
}

/** key hash = SHA-256(name ‖ 0x0A ‖ type ‖ key)[:4]. `key`: the 32 bytes of an Ed25519 public key. */
export function typedKeyHash(typed: { name: string; type: NoteKeyType; key: Uint8Array }): Uint8Array {
  return sha256(concat(utf8(`${typed.name}\n`), Uint8Array.of(typed.type), typed.key)).slice(0, KEY_HASH_BYTES);
}

/** The 32 bytes of an Ed25519 key that its SubjectPublicKeyInfo holds. */
export function rawKeyOf(spki: Uint8Array): Uint8Array {
  return spki.subarray(ED25519_SPKI_PREFIX.length);
}

/** The verifier key line of a type. `spki`: SubjectPublicKeyInfo DER of an Ed25519 key. */
export function formatNoteKey(typed: { name: string; type: NoteKeyType; spki: Uint8Array }): string {
  const { name, type } = typed;
  const key = rawKeyOf(typed.spki);
  return `${name}+${toHex(typedKeyHash({ name, type, key }))}+${toBase64(concat(Uint8Array.of(type), key))}`;
}

/** Reads a verifier key of a type; refuses one whose hash does not fit its name and key. */
export function parseNoteKey(text: string, type: NoteKeyType): Result<NoteKey, 'verifier-key-malformed'> {
  const malformed = refuse(
    'verifier-key-malformed',
    `a verifier key reads <name>+<8 hex digits>+<base64 of an Ed25519 key>, here of signature type ${type}`,
  );
  const parts = /^([^+\p{White_Space}]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text);
  const [, name, hash, base64] = parts ?? [];
  const typed = fromBase64(base64 ?? '');
  if (!name || !hash || typed?.length !== 1 + ED25519_KEY_BYTES || typed[0] !== type) return malformed;
  const keyHash = typedKeyHash({ name, type, key: typed.subarray(1) });
  if (toHex(keyHash) !== hash) return malformed;
  const key = parsePublicKey(concat(ED25519_SPKI_PREFIX, typed.subarray(1)));
  return key.ok ? accept({ name, keyHash, key: key.value }) : malformed;
}

/** Whether a key can sign notes: Ed25519 alone. */
export function isNoteKey(key: PublicKey): boolean {
  return key.algorithm === ALGORITHM.ed25519;
}
