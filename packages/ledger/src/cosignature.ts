// Cosignatures: a witness's word that, at a time of its own clock, a checkpoint was the newest consistent one that it had seen of a log.
// Source: C2SP tlog-cosignature, "cosignature/v1" (Ed25519, signature type 0x04). ML-DSA-44 cosignatures (type 0x06) are passed over.

import { concat, equalBytes, utf8, viewOf } from './bytes.ts';
import { formatSignatureLine, type NoteVerifier, parseNote } from './note.ts';
import { formatNoteKey, NOTE_KEY_TYPE, parseNoteKey, rawKeyOf, typedKeyHash } from './note-key.ts';
import { accept, type Result, refuse } from './result.ts';
import { createVerifier, type Signer } from './signature.ts';

/** timestamped_signature: a 64-bit time and 64 bytes of Ed25519. */
const COSIGNATURE_BYTES = 72;

/** Why there is no believable cosignature: the note cannot be read, the cosigner did not sign it, or its signature is wrong. */
export type CosignatureCode = 'note-malformed' | 'cosignature-missing' | 'cosignature-wrong';

/** A cosigner whose signatures are believed. Its `verify` takes a whole timestamped signature, so `openNote` can be asked for it too. */
export type CosignatureVerifier = NoteVerifier & { readonly kind: 'cosignature' };

/** What a cosigner said of a checkpoint. */
export interface Cosignature {
  /** The cosigner's clock, in seconds since the Unix epoch. */
  readonly timeS: number;
  /** The signature line, to be put below the checkpoint. */
  readonly line: string;
}

/** The verifier key line by which others name this cosigner. `spki`: SubjectPublicKeyInfo DER of an Ed25519 key. */
export function formatCosignerKey(name: string, spki: Uint8Array): string {
  return formatNoteKey({ name, type: NOTE_KEY_TYPE.cosignature, spki });
}

/** Reads a verifier key of signature type 0x04; refuses one whose hash does not fit its name and key. */
export function parseCosignerKey(text: string): Result<CosignatureVerifier, 'verifier-key-malformed'> {
  const parsed = parseNoteKey(text, NOTE_KEY_TYPE.cosignature);
  if (!parsed.ok) return parsed;
  const { name, keyHash, key } = parsed.value;
  const signer = createVerifier(key);
  if (!signer.ok) return refuse('verifier-key-malformed', signer.message);
  const verify: NoteVerifier['verify'] = async (text, timestamped) => {
    const timeS = timeOf(timestamped);
    if (timeS === undefined) return false;
    return signer.value(cosignedBytes(text, timeS), timestamped.subarray(8));
  };
  return accept({ kind: 'cosignature', name, keyHash, key, verify });
}

/**
 * The signature line of a cosigner below a checkpoint. `checkpointText`: the text of the note, extension lines included, ending in a line
 * feed. `timeS`: seconds since the Unix epoch. The name is not signed, so one key must not serve two cosigners, nor sign logs of its own.
 */
export function cosignCheckpoint(cosigner: {
  checkpointText: string;
  timeS: number;
  name: string;
  spki: Uint8Array;
  sign: Signer;
}): string {
  const { checkpointText, timeS, name } = cosigner;
  if (!checkpointText.endsWith('\n')) throw new TypeError('the text of a checkpoint ends in a line feed');
  if (!Number.isSafeInteger(timeS) || timeS < 0) throw new RangeError(`not a time in seconds: ${timeS}`);
  const signature = new Uint8Array(COSIGNATURE_BYTES);
  viewOf(signature).setBigUint64(0, BigInt(timeS));
  signature.set(cosigner.sign(cosignedBytes(utf8(checkpointText), timeS)), 8);
  const keyHash = typedKeyHash({ name, type: NOTE_KEY_TYPE.cosignature, key: rawKeyOf(cosigner.spki) });
  return formatSignatureLine({ name, keyHash, signature });
}

/**
 * Checks one cosigner's signature below a checkpoint (a whole signed note) and gives its time and its line. The log's own signature is
 * not looked at: `openCheckpoint` is for that. Of several valid ones of the same cosigner the newest counts; a wrong one spoils them all.
 */
export async function openCosignature(
  checkpoint: string,
  cosigner: CosignatureVerifier,
): Promise<Result<Cosignature, CosignatureCode>> {
  const note = parseNote(checkpoint);
  if (!note.ok) return refuse('note-malformed', note.message);
  let newest: Cosignature | undefined;
  for (const signature of note.value.signatures) {
    if (signature.name !== cosigner.name || !equalBytes(signature.keyHash, cosigner.keyHash)) continue;
    const timeS = timeOf(signature.signature);
    if (timeS === undefined || !(await cosigner.verify(utf8(note.value.text), signature.signature))) {
      return refuse('cosignature-wrong', `the cosignature of ${cosigner.name} is wrong`);
    }
    if (!newest || timeS > newest.timeS) newest = { timeS, line: formatSignatureLine(signature) };
  }
  if (newest) return accept(newest);
  return refuse('cosignature-missing', `the checkpoint is not cosigned by ${cosigner.name}`);
}

/** `cosignature/v1\ntime <decimal seconds>\n<checkpoint text>`. */
function cosignedBytes(checkpointText: Uint8Array, timeS: number): Uint8Array {
  return concat(utf8(`cosignature/v1\ntime ${timeS}\n`), checkpointText);
}

/** The time of a timestamped signature of the right length, or undefined. */
function timeOf(timestamped: Uint8Array): number | undefined {
  if (timestamped.length !== COSIGNATURE_BYTES) return undefined;
  const timeS = Number(viewOf(timestamped).getBigUint64(0));
  return Number.isSafeInteger(timeS) ? timeS : undefined;
}
