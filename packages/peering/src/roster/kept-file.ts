// A small JSON file of this node that is there whole or not at all.

import { readFile } from 'node:fs/promises';
import { writeWhole } from '@telltale/files';

/** What the file holds; undefined if there is none. Throws what the file system or JSON.parse throws. */
export async function readKept(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  return JSON.parse(text);
}

/** Writes the file; it is on disk once this has resolved. Throws what the file system throws. */
export function writeKept(path: string, json: unknown): Promise<void> {
  return writeWhole({ path, chunks: [`${JSON.stringify(json)}\n`], mode: 0o600, folderMode: 0o700 });
}
