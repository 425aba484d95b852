// Signed notes: a text and lines of signatures by named keys. Source: C2SP signed-note; Ed25519 signatures only (type 0x01).

import { concat, equalBytes, fromBase64, toBase64, utf8 } from './bytes.ts';
import type { PublicKey } from './keys.ts';
import {
  formatNoteKey,
  isNoteKey,
  KEY_HASH_BYTES,
  NOTE_KEY_TYPE,
  parseNoteKey,
  rawKeyOf,
  typedKeyHash,
} from './note-key.ts';
import { accept, type Result, refuse } from './result.ts';
import { createVerifier, type Signer, type Verifier } from './signature.ts';

/** A bound on hostile notes, from C2SP signed-note: verifiers may limit the number of signatures; 16 is its least limit. */
const MAX_SIGNATURES = 64;

/** One signature line. `keyHash`: 4 bytes that hint at the key; they prove nothing. */
export interface NoteSignature {
  readonly name: string;
  readonly keyHash: Uint8Array;
  readonly signature: Uint8Array;
}

/** A text and who signed it. Source: C2SP signed-note. */
export interface Note {
  /** Ends in a line feed. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** Whose signatures on notes are believed: C2SP verifier key `<name>+<key hash>+<base64(type ‖ key)>`. */
export interface NoteVerifier {
  readonly name: string;
  readonly keyHash: Uint8Array;
  readonly key: PublicKey;
  readonly verify: Verifier;
}

export type NoteCode = 'note-malformed' | 'note-unsigned' | 'note-signature';

/** key hash = SHA-256(name ‖ 0x0A ‖ type ‖ key)[:4]. `key`: the 32 bytes of an Ed25519 public key. */
export function noteKeyHash(name: string, key: Uint8Array): Uint8Array {
  return typedKeyHash({ name, type: NOTE_KEY_TYPE.ed25519, key });
}

/** The verifier key line by which others name this signer. `spki`: SubjectPublicKeyInfo DER of an Ed25519 key. */
export function formatVerifierKey(name: string, spki: Uint8Array): string {
  return formatNoteKey({ name, type: NOTE_KEY_TYPE.ed25519, spki });
}

/** Reads a verifier key; refuses one whose hash does not fit its name and key. */
export function parseVerifierKey(text: string): Result<NoteVerifier, 'verifier-key-malformed'> {
  const parsed = parseNoteKey(text, NOTE_KEY_TYPE.ed25519);
  return parsed.ok ? noteVerifierOf(parsed.value) : parsed;
}

/** Who signs notes as `name` with this key. Refuses every key but Ed25519. */
export function noteVerifierOf(signer: {
  name: string;
  key: PublicKey;
}): Result<NoteVerifier, 'verifier-key-malformed'> {
  const { name, key } = signer;
  if (!isNoteKey(key)) return refuse('verifier-key-malformed', 'notes are signed with Ed25519 keys');
  const verify = createVerifier(key);
  if (!verify.ok) return refuse('verifier-key-malformed', verify.message);
  return accept({ name, keyHash: noteKeyHash(name, rawKeyOf(key.spki)), key, verify: verify.value });
}

/** A note with one signature. `text` ends in a line feed; `name` has no space and no plus sign. */
export function signNote(note: { text: string; name: string; spki: Uint8Array; sign: Signer }): string {
  if (!note.text.endsWith('\n')) throw new TypeError('the text of a note ends in a line feed');
  const keyHash = noteKeyHash(note.name, rawKeyOf(note.spki));
  return `${note.text}\n${formatSignatureLine({ name: note.name, keyHash, signature: note.sign(utf8(note.text)) })}`;
}

/** One signature as a line of a note: `— <name> <base64(key hash ‖ signature)>\n`. */
export function formatSignatureLine({ name, keyHash, signature }: NoteSignature): string {
  return `— ${name} ${toBase64(concat(keyHash, signature))}\n`;
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
