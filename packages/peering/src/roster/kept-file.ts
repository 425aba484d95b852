// A small JSON file of this node that is there whole or not at all.

import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

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

/** Writes the file. A crash before the rename leaves the old one and a `.part` that nobody reads; after it, the new one whole. */
export async function writeKept(path: string, json: unknown): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const unready = `${path}.${randomUUID()}.part`;
  try {
    const file = await open(unready, 'wx', 0o600);
    try {
      await file.writeFile(`${JSON.stringify(json)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unready, path);
  } catch (error) {
    await rm(unready, { force: true });
    throw error;
  }
  // The new name must outlive a power cut too. Windows opens no folders.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
