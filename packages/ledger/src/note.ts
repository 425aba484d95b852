// Signed notes: a text and lines of signatures by named keys. Source: C2SP signed-note; Ed25519 signatures only (type 0x01).

import { concat, equalBytes, fromBase64, toBase64, toHex, utf8 } from './bytes.ts';
import { sha256 } from './hash.ts';
import { parsePublicKey } from './keys.ts';
import { accept, type Result, refuse } from './result.ts';
import { createVerifier, type Signer, type Verifier } from './signature.ts';

/** Signature type "Ed25519" of C2SP signed-note. */
const TYPE_ED25519 = 0x01;
const KEY_HASH_BYTES = 4;
const ED25519_KEY_BYTES = 32;
/** SubjectPublicKeyInfo before the 32 bytes of an Ed25519 key (RFC 8410). */
const ED25519_SPKI_PREFIX = Uint8Array.of(0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00);
/** A bound on hostile notes, from C2SP signed-note: verifiers may limit the number of signatures; 16 is its least limit. */
const MAX_SIGNATURES = 64;

export interface NoteSignature {
  readonly name: string;
  readonly keyHash: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Note {
  /** Ends in a line feed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Whose signatures on notes are believed: C2SP verifier key `<name>+<key hash>+<base64(type ‖ key)>`. */
export interface NoteVerifier {
  readonly name: string;
  readonly keyHash: Uint8Array;
  readonly verify: Verifier;
}

export type NoteCode = 'note-malformed' | 'note-unsigned' | 'note-signature';

/** key hash = SHA-256(name ‖ 0x0A ‖ type ‖ key)[:4]. `key`: the 32 bytes of an Ed25519 public key. */
export function noteKeyHash(name: string, key: Uint8Array): Uint8Array {
  return sha256(concat(utf8(`${name}\n`), Uint8Array.of(TYPE_ED25519), key)).slice(0, KEY_HASH_BYTES);
}

/** The verifier key line by which others name this signer. `spki`: SubjectPublicKeyInfo DER of an Ed25519 key. */
export function formatVerifierKey(name: string, spki: Uint8Array): string {
  const key = spki.subarray(ED25519_SPKI_PREFIX.length);
  return `${name}+${toHex(noteKeyHash(name, key))}+${toBase64(concat(Uint8Array.of(TYPE_ED25519), key))}`;
}

/** Reads a verifier key; refuses one whose hash does not fit its name and key. */
export function parseVerifierKey(text: string): Result<NoteVerifier, 'verifier-key-malformed'> {
  const malformed = refuse(
    'verifier-key-malformed',
    'a verifier key reads <name>+<8 hex digits>+<base64 of an Ed25519 key>',
  );
  const parts = /^([^+\p{White_Space}]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u.exec(text);
  const [, name, hash, base64] = parts ?? [];
  const typed = fromBase64(base64 ?? '');
  if (!name || !hash || typed?.length !== 1 + ED25519_KEY_BYTES || typed[0] !== TYPE_ED25519) return malformed;
  const keyHash = noteKeyHash(name, typed.subarray(1));
  if (toHex(keyHash) !== hash) return malformed;
  const key = parsePublicKey(concat(ED25519_SPKI_PREFIX, typed.subarray(1)));
  const verifier = key.ok ? createVerifier(key.value) : key;
  return verifier.ok ? accept({ name, keyHash, verify: verifier.value }) : malformed;
}

/** A note with one signature. `text` ends in a line feed; `name` has no space and no plus sign. */
export function signNote(note: { text: string; name: string; spki: Uint8Array; sign: Signer }): string {
  if (!note.text.endsWith('\n')) throw new TypeError('the text of a note ends in a line feed');
  const keyHash = noteKeyHash(note.name, note.spki.subarray(ED25519_SPKI_PREFIX.length));
  const signature = note.sign(utf8(note.text));
  return `${note.text}\n— ${note.name} ${toBase64(concat(keyHash, signature))}\n`;
}

/** Reads a note without believing any signature. */
export function parseNote(source: string): Result<Note, NoteCode> {
  const malformed = refuse('note-malformed', 'not a signed note: text, an empty line, signature lines');
  const split = source.lastIndexOf('\n\n');
  if (split < 0 || !source.endsWith('\n') || hasControlCharacter(source)) return malformed;
  const lines = source.slice(split + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) return malformed;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [, name, base64] = /^— ([^+\p{White_Space}]+) ([A-Za-z0-9+/=]+)$/u.exec(line) ?? [];
    const bytes = fromBase64(base64 ?? '');
    if (!name || !bytes || bytes.length <= KEY_HASH_BYTES) return malformed;
    signatures.push({ name, keyHash: bytes.subarray(0, KEY_HASH_BYTES), signature: bytes.subarray(KEY_HASH_BYTES) });
  }
  return accept({ text: source.slice(0, split + 1), signatures });
}

/** Reads a note and requires a valid signature by `verifier`; signatures by others are passed over, as the specification asks. */
export async function openNote(source: string, verifier: NoteVerifier): Promise<Result<Note, NoteCode>> {
  const note = parseNote(source);
  if (!note.ok) return note;
  const own = note.value.signatures.filter(
    (signature) => signature.name === verifier.name && equalBytes(signature.keyHash, verifier.keyHash),
  );
  if (own.length === 0) return refuse('note-unsigned', `the note is not signed by ${verifier.name}`);
  for (const { signature } of own) {
    if (!(await verifier.verify(utf8(note.value.text), signature))) {
      return refuse('note-signature', `the signature of ${verifier.name} is wrong`);
    }
  }
  return note;
}

/** ASCII control characters other than the line feed, which signed notes may not hold. */
function hasControlCharacter(source: string): boolean {
  for (let i = 0; i < source.length; i++) if (source.charCodeAt(i) < 0x20 && source[i] !== '\n') return true;
  return false;
}
