// Small text files that a user names.

import { open } from 'node:fs/promises';
import { CliError } from './cli-error.ts';

/** A bound on memory when a user names the wrong file: keys, proofs and state are a few kilobytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** The whole file as text. Throws CliError `file`. */
export async function readTextFile(path: string): Promise<string> {
  try {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      if (size > MAX_FILE_BYTES) throw new RangeError(`${size} bytes`);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw new CliError('file', `${path} cannot be read (${reasonOf(cause)})`, { cause });
  }
}

/** What went wrong, in a word or a few: the system's code where it has one. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof Error) return reasonOf(error.cause);
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
