// Checkpoints: the size and root of the log at its newest block, as a signed note. Source: C2SP tlog-checkpoint; format.md "Checkpoint".

import { fromBase64, toBase64 } from './bytes.ts';
import { asHash, HASH_BYTES, type Hash } from './hash.ts';
import { type NoteCode, type NoteVerifier, openNote, signNote } from './note.ts';
import { accept, type Result, refuse } from './result.ts';
import type { Signer } from './signature.ts';

/** How large a log is and what is in it: `size` leaves, `root` over all of them. Source: C2SP tlog-checkpoint, without extension lines. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
}

/** The text that is signed: origin, decimal size and base64 root, a line each. */
export function formatCheckpoint(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${toBase64(checkpoint.root)}\n`;
}

/** Reads the text of a checkpoint. Extension lines are passed over, as C2SP asks of readers. */
export function parseCheckpoint(text: string): Result<Checkpoint, 'checkpoint-malformed'> {
  const malformed = refuse('checkpoint-malformed', 'not a checkpoint: origin, size and root, a line each');
  const [origin, decimal = '', base64 = ''] = text.split('\n');
  const root = fromBase64(base64);
  const size = Number(decimal);
  if (!origin || !text.endsWith('\n') || !/^(0|[1-9][0-9]*)$/.test(decimal) || !Number.isSafeInteger(size))
    return malformed;
  if (root?.length !== HASH_BYTES) return malformed;
  return accept({ origin, size, root: asHash(root) });
}

/** A checkpoint signed by the ledger: a C2SP signed note. `spki`: the ledger's key. */
export function signCheckpoint(checkpoint: Checkpoint, ledger: { spki: Uint8Array; sign: Signer }): string {
  return signNote({ text: formatCheckpoint(checkpoint), name: checkpoint.origin, ...ledger });
}

/** Reads a checkpoint that `verifier` signed; its origin must be the verifier's name. */
export async function openCheckpoint(
  note: string,
  verifier: NoteVerifier,
): Promise<Result<Checkpoint, NoteCode | 'checkpoint-malformed'>> {
  const opened = await openNote(note, verifier);
  if (!opened.ok) return opened;
  const checkpoint = parseCheckpoint(opened.value.text);
  if (checkpoint.ok && checkpoint.value.origin !== verifier.name) {
    return refuse('checkpoint-malformed', `the checkpoint is of ${checkpoint.value.origin}, not of ${verifier.name}`);
  }
  return checkpoint;
}
