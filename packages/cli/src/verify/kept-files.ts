// The receipts and checkpoints that a user kept, as files: read, not yet believed. Source: format.md "Receipts and proofs", "Checkpoint".

import { type Checkpoint, parseCheckpoint, parseNote, type Receipt } from '@telltale/ledger';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import { readTextFile } from '../read-file.ts';

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
}

export interface KeptFiles {
  readonly receipts: readonly KeptReceipt[];
  readonly checkpoints: readonly KeptCheckpoint[];
}

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
const receipts = z.union([receipt.transform((one) => [one]), z.array(receipt), answerOf(receipt)]);

/** An answer of POST /receive_data, as it came. */
function answerOf(shape: typeof receipt) {
  return z.object({ receipts: z.array(shape) }).transform((answer) => answer.receipts);
}

/** Reads all of them. Throws CliError `file` for one that cannot be read or is something else. */
export async function readKeptFiles(paths: {
  receipts: readonly string[];
  checkpoints: readonly string[];
}): Promise<KeptFiles> {
  const read: KeptReceipt[] = [];
  for (const path of paths.receipts) read.push(...(await readReceipts(path)));
  const checkpoints: KeptCheckpoint[] = [];
  for (const path of paths.checkpoints) checkpoints.push(await readCheckpoint(path));
  return { receipts: read, checkpoints };
}

async function readReceipts(path: string): Promise<KeptReceipt[]> {
  const parsed = receipts.safeParse(jsonOf(await readTextFile(path)));
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
    // A SyntaxError says where; that it is no receipt is what matters, and the schema refuses undefined.
    return undefined;
  }
}

async function readCheckpoint(path: string): Promise<KeptCheckpoint> {
  const note = await readTextFile(path);
  const parsed = parseNote(note);
  const claim = parsed.ok ? parseCheckpoint(parsed.value.text) : parsed;
  if (!claim.ok) throw new CliError('file', `${path} is no signed checkpoint: ${claim.message}`);
  return { name: path, note, claim: claim.value };
}
