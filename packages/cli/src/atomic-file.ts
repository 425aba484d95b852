// Files that are there whole or not at all.

import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file and gives it its name once it is on disk. `chunks` is pulled as the disk takes it. Folders are made as needed.
 * A crash before the rename leaves the old file, if there was one, and a `.part` that nobody reads; after it, the new file whole.
 */
export async function writeWhole(file: {
  path: string;
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array | string>;
  /** Access bits of the file. */
  mode?: number;
}): Promise<void> {
  const { path, chunks, mode = 0o644 } = file;
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const unready = `${path}.${randomUUID()}.part`;
  try {
    const handle = await open(unready, 'wx', mode);
    try {
      for await (const chunk of chunks) await handle.write(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      await handle.sync();
    } finally {
      await handle.close();
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
