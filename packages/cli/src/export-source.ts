// Where an export comes from: a file, standard input, or a receiver. Its bytes as they come, and how many there will be, where that is known.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { CliError } from './cli-error.ts';
import type { Context } from './command.ts';
import { reasonOf } from './read-file.ts';

export interface ExportSource {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** For telling how far a reader is. */
  readonly total?: { readonly kind: 'bytes' | 'leaves'; readonly count: number };
}

/** `place`: a file, `-` for standard input, or the URL of a receiver, with or without /v1/export. Throws CliError. */
export async function openExportSource(place: string, context: Context): Promise<ExportSource> {
  if (place === '-') return { chunks: context.stdin };
  if (/^https?:\/\//.test(place)) return fromReceiver(place, context);
  const size = await stat(place).then(
    (found) => found.size,
    (cause: unknown) => {
      throw new CliError('file', `${place} cannot be read (${reasonOf(cause)})`, { cause });
    },
  );
  return { chunks: fromFile(place), total: { kind: 'bytes', count: size } };
}

async function fromReceiver(place: string, { signal }: Context): Promise<ExportSource> {
  // Not for files: what parses answers weighs 10 MB.
  const { ReceiverClient } = await import('./receiver-client.ts');
  const client = new ReceiverClient(place.replace(/\/v1\/export\/?$/, ''), signal);
  const { head } = await client.ledger();
  return { chunks: client.export(), total: { kind: 'leaves', count: head.log_size } };
}

async function* fromFile(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } catch (cause) {
    throw new CliError('file', `${path} cannot be read (${reasonOf(cause)})`, { cause });
  }
}
