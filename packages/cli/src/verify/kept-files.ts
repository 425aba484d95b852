// What a user kept of a ledger, as files: receipts, checkpoints, proofs, earlier exports. Read, not yet believed.
// Source: format.md "Receipts and proofs", "Checkpoint".

import {
  type Checkpoint,
  type Proof,
  parseCheckpoint,
  parseNote,
  parseProof,
  proofFromJson,
  type Receipt,
} from '@telltale/ledger';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import { readTextFile } from '../read-file.ts';
import { type KeptExport, readKeptExport } from './kept-export.ts';

/** `name`: the file, and the place in it where it holds several. */
interface KeptReceipt {
  readonly name: string;
  readonly receipt: Receipt;
}

/** `claim`: what the note says; nobody has looked at its signature yet. */
interface KeptCheckpoint {
  readonly name: string;
  readonly note: string;
  readonly claim: Checkpoint;
  /** Whether it was kept alone, or stands in a proof or an earlier export. */
  readonly isAlone: boolean;
}

interface KeptProof {
  readonly name: string;
  readonly proof: Proof;
}

export interface KeptFiles {
  readonly receipts: readonly KeptReceipt[];
  /** Those of proofs and earlier exports too. */
  readonly checkpoints: readonly KeptCheckpoint[];
  readonly proofs: readonly KeptProof[];
  readonly exports: readonly KeptExport[];
}

/** Paths of each kind. */
export type KeptPaths = Readonly<Record<keyof KeptFiles, readonly string[]>>;

const count = z.int().nonnegative();
const receipt = z.object({
  transaction_id: z.string(),
  leaf_index: count,
  leaf_hash: z.string(),
  received_at: count,
  seal_by: count,
  position: count,
  count,
  path: z.array(z.string()),
  signature: z.string(),
});
const receiptsShape = z.union([receipt.transform((one) => [one]), z.array(receipt), answerOf(receipt)]);

/** An answer of POST /receive_data, as it came. */
function answerOf(shape: typeof receipt) {
  return z.object({ receipts: z.array(shape) }).transform((answer) => answer.receipts);
}

/** Reads all of them. Throws CliError `file` for one that cannot be read or is something else. */
export async function readKeptFiles(paths: KeptPaths): Promise<KeptFiles> {
  const receipts: KeptReceipt[] = [];
  const checkpoints: KeptCheckpoint[] = [];
  const proofs: KeptProof[] = [];
  const exports: KeptExport[] = [];
  for (const path of paths.receipts) receipts.push(...(await readReceipts(path)));
  for (const path of paths.checkpoints) {
    checkpoints.push(checkpointOf({ name: path, path, note: await readTextFile(path), isAlone: true }));
  }
  for (const path of paths.proofs) {
    const proof = await readProof(path);
    proofs.push({ name: path, proof });
    checkpoints.push(checkpointOf({ name: `${path}, its checkpoint`, path, note: proof.checkpoint, isAlone: false }));
  }
  for (const path of paths.exports) {
    const kept = await readKeptExport(path);
    exports.push(kept);
    const { note } = kept;
    if (note === undefined) continue;
    checkpoints.push(checkpointOf({ name: `${path}, its checkpoint`, path, note, isAlone: false }));
  }
  return { receipts, checkpoints, proofs, exports };
}

async function readReceipts(path: string): Promise<KeptReceipt[]> {
  const parsed = receiptsShape.safeParse(jsonOf(await readTextFile(path)));
  if (!parsed.success || parsed.data.length === 0) {
    throw new CliError('file', `${path} holds no receipts: give one, a list of them, or an answer of /receive_data`);
  }
  const { data } = parsed;
  return data.map((one, i) => ({ name: data.length === 1 ? path : `${path}, receipt ${i + 1}`, receipt: one }));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A SyntaxError says where; that it is no such file is what matters, and undefined is refused as that.
    return undefined;
  }
}

/** The tlog-proof text or its JSON form, as `telltale prove` and the receiver write them. */
async function readProof(path: string): Promise<Proof> {
  const text = await readTextFile(path);
  const proof = text.startsWith('{') ? proofFromJson(jsonOf(text)) : parseProof(text);
  if (!proof.ok) throw new CliError('file', `${path} is no proof: ${proof.message}`);
  return proof.value;
}

function checkpointOf(at: { name: string; path: string; note: string; isAlone: boolean }): KeptCheckpoint {
  const { name, path, note, isAlone } = at;
  const parsed = parseNote(note);
  const claim = parsed.ok ? parseCheckpoint(parsed.value.text) : parsed;
  if (claim.ok) return { name, note, claim: claim.value, isAlone };
  const what = isAlone ? 'is no signed checkpoint' : 'holds no signed checkpoint';
  throw new CliError('file', `${path} ${what}: ${claim.message}`);
}
