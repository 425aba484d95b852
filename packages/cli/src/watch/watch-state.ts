// What a monitor has seen of a ledger, in a file: the newest signed checkpoint and the newest signed block header. A later history that does
// not continue these is another history.

import { readFile } from 'node:fs/promises';
import { writeWhole } from '@telltale/files';
import { fromBase64, type PublicKey, parsePublicKey, toBase64 } from '@telltale/ledger';
import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import { reasonOf } from '../read-file.ts';

/** A header and the ledger's signature over its hash. */
export interface SignedHeader {
  readonly header: Uint8Array;
  readonly signature: Uint8Array;
}

export interface Seen {
  readonly origin: string;
  readonly key: PublicKey;
  /** Signed note of the newest checkpoint; absent before the first. */
  readonly checkpointNote?: string;
  /** The newest block; absent before the first. */
  readonly head?: SignedHeader;
}

const FORMAT = 'telltale-watch-v1';

const bytes = z.string().transform((text, context) => {
  const value = fromBase64(text);
  if (!value) context.addIssue('must be base64');
  return value ?? z.NEVER;
});
const stored = z.object({
  format: z.literal(FORMAT),
  origin: z.string(),
  public_key: bytes.transform((spki, context): PublicKey => {
    const key = parsePublicKey(spki);
    if (!key.ok) context.addIssue(key.message);
    return key.ok ? key.value : z.NEVER;
  }),
  checkpoint: z.string().nullable(),
  head: z.object({ header: bytes, signature: bytes }).nullable(),
});

/** What the file remembers, or undefined when there is no file yet. Throws CliError `state` for a file that cannot be used. */
export async function loadSeen(file: string): Promise<Seen | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new CliError('state', `${file} cannot be read (${reasonOf(cause)})`, { cause });
  }
  try {
    const { origin, public_key: key, checkpoint, head } = stored.parse(JSON.parse(text));
    return { origin, key, ...(checkpoint !== null && { checkpointNote: checkpoint }), ...(head && { head }) };
  } catch (cause) {
    // Not mended by starting anew: that would forget the history that a fork must be compared with.
    throw new CliError('state', `${file} is no state of telltale watch: name another file with --state`, { cause });
  }
}

/** Writes the file whole. A crash before leaves what was seen earlier, which the same checks lead on from. Throws CliError `state`. */
export async function saveSeen(file: string, seen: Seen): Promise<void> {
  const { origin, key, checkpointNote, head } = seen;
  const content = {
    format: FORMAT,
    origin,
    public_key: toBase64(key.spki),
    checkpoint: checkpointNote ?? null,
    head: head ? headerJson(head) : null,
  };
  await writeWhole({ path: file, chunks: [`${JSON.stringify(content, undefined, 2)}\n`] }).catch((cause: unknown) => {
    throw new CliError('state', `${file} cannot be written (${reasonOf(cause)})`, { cause });
  });
}

/** A signed header as state and evidence hold it. */
export function headerJson({ header, signature }: SignedHeader): { header: string; signature: string } {
  return { header: toBase64(header), signature: toBase64(signature) };
}
