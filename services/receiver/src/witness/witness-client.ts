// One add-checkpoint request to a witness, and what its answer means. A witness may be hostile: time and bytes are bounded, redirects are not
// followed, and only a cosignature that verifies is believed. It keeps nothing. Source: C2SP tlog-witness "add-checkpoint".

import {
  type AddCheckpoint,
  type Cosignature,
  formatAddCheckpoint,
  openCosignature,
  parseNote,
} from '@telltale/ledger';
import type { WitnessAddress } from './witness-list.ts';

/** The whole exchange. A guess: a witness does one transaction and signs; who is slower is asked again later. */
const TIMEOUT_MS = 5_000;
/** Longest answer read: some cosignatures, of which the largest kind (ML-DSA-44) has 3.3 kB. A guess with room. */
const MAX_ANSWER_BYTES = 64 * 1024;
/** How far a witness's clock may be from ours. A guess: an old cosignature that is handed out again says nothing of today. */
const CLOCK_TOLERANCE_S = 300;

export type WitnessAnswer =
  | { readonly kind: 'cosigned'; readonly cosignature: Cosignature }
  /** The witness says that it cosigned this size last. Its word alone: nothing is signed. */
  | { readonly kind: 'conflict'; readonly size: number }
  /** No cosignature, and why, in words for an operator's log that hold nothing of the answer's text. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface WitnessRequest extends AddCheckpoint {
  readonly witness: WitnessAddress;
  readonly nowUs: () => number;
  readonly signal: AbortSignal;
}

/** Asks a witness for its cosignature. Never rejects: whatever happens on the way is a `failed`. */
export async function askWitness(request: WitnessRequest): Promise<WitnessAnswer> {
  try {
    const response = await fetch(`${request.witness.url}/add-checkpoint`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: formatAddCheckpoint(request),
      redirect: 'manual',
      signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    if (response.status === 200) return await readCosignature(request, await readText(response));
    if (response.status === 409 && response.headers.get('content-type')?.startsWith('text/x.tlog.size')) {
      return readSize(await readText(response));
    }
    await response.body?.cancel();
    return failed(`it answered ${response.status}`);
  } catch (error) {
    return failed(reasonOf(error));
  }
}

async function readCosignature(request: WitnessRequest, lines: string): Promise<WitnessAnswer> {
  const { witness, checkpoint } = request;
  const cosigned = `${checkpoint}${lines}`;
  const [note, asked] = [parseNote(cosigned), parseNote(checkpoint)];
  // An answer with an empty line in it would make a note with another text, for which the cosignature might even be right.
  if (!note.ok || !asked.ok || note.value.text !== asked.value.text) return failed('its answer is no signature line');
  const cosignature = await openCosignature(cosigned, witness.verifier);
  if (!cosignature.ok) return failed(cosignature.message);
  const { timeS } = cosignature.value;
  if (Math.abs(request.nowUs() / 1_000_000 - timeS) > CLOCK_TOLERANCE_S) {
    return failed(`its cosignature is from ${timeS}: its clock, or the receiver's, is wrong`);
  }
  return { kind: 'cosigned', cosignature: cosignature.value };
}

function readSize(text: string): WitnessAnswer {
  const decimal = /^(0|[1-9][0-9]{0,15})\n$/.exec(text)?.[1];
  const size = Number(decimal);
  return decimal !== undefined && Number.isSafeInteger(size)
    ? { kind: 'conflict', size }
    : failed('it answered 409 without a size');
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  // Leaving the loop early cancels the body and its connection.
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_ANSWER_BYTES) throw new Error(`its answer is longer than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function failed(reason: string): WitnessAnswer {
  return { kind: 'failed', reason };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it cannot be reached';
  if (error.name === 'TimeoutError') return `it did not answer within ${TIMEOUT_MS} ms`;
  const { cause } = error;
  if (cause instanceof Error) return `it cannot be reached: ${'code' in cause ? String(cause.code) : cause.message}`;
  return error.message;
}
