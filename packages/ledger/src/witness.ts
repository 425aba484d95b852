// What a log sends to a witness: a new checkpoint with the consistency path from the last one that the witness cosigned.
// Not here: the witness's answers, and what it must keep before it answers. Source: C2SP tlog-witness "add-checkpoint".

import type { Hash } from './hash.ts';
import { formatHashLines, parseDecimal, parseHashLines } from './hash-lines.ts';
import { accept, type Result, refuse } from './result.ts';

/** What a log asks of a witness. Source: C2SP tlog-witness "add-checkpoint". */
export interface AddCheckpoint {
  /** Size of the last checkpoint that the witness cosigned; 0 for none. */
  readonly oldSize: number;
  /** RFC 6962 consistency path from `oldSize` to the checkpoint's size; empty from 0. */
  readonly path: readonly Hash[];
  /** The new checkpoint, a signed note. */
  readonly checkpoint: string;
}

/** The body of `POST <submission prefix>/add-checkpoint`: `old <size>\n`, a line a hash, an empty line, the checkpoint. */
export function formatAddCheckpoint(request: AddCheckpoint): string {
  return `old ${request.oldSize}\n${formatHashLines(request.path)}\n${request.checkpoint}`;
}

/** Reads such a body. Neither checkpoint nor path is checked: `parseNote`, `openCheckpoint` and `checkConsistency` are for that. */
export function parseAddCheckpoint(body: string): Result<AddCheckpoint, 'add-checkpoint-malformed'> {
  const malformed = refuse(
    'add-checkpoint-malformed',
    'not an add-checkpoint request: `old <size>`, at most 63 hashes, an empty line, a checkpoint',
  );
  const split = body.indexOf('\n\n');
  if (split < 0) return malformed;
  const [first = '', ...lines] = body.slice(0, split).split('\n');
  const oldSize = first.startsWith('old ') ? parseDecimal(first.slice('old '.length)) : undefined;
  const path = parseHashLines(lines);
  const checkpoint = body.slice(split + 2);
  if (oldSize === undefined || !path || checkpoint === '') return malformed;
  return accept({ oldSize, path, checkpoint });
}
