// The first life of a file that must be there whole or not at all: under a name that nobody reads, until its bytes are on the disk.

import { randomUUID } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface FileToWrite {
  readonly path: string;
  /** Pulled as the disk takes them. */
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array | string>;
  /** Access bits of the file; 0o644 if none are given. */
  readonly mode?: number;
  /** Access bits of folders that have to be made; what the system gives if none are given. */
  readonly folderMode?: number;
}

/**
 * Writes the file beside its path, syncs it, and calls `name` to give it its own name. Whatever fails, the unready file goes; a crash
 * leaves it, as a `.part` that nobody reads. Not named by the process id, which is the same in every container.
 */
export async function writeUnready(file: FileToWrite, name: (unready: string) => Promise<void>): Promise<void> {
  const { path, chunks, mode = 0o644, folderMode } = file;
  await mkdir(dirname(path), { recursive: true, ...(folderMode === undefined ? {} : { mode: folderMode }) });
  const unready = `${path}.${randomUUID()}.part`;
  try {
    const handle = await open(unready, 'wx', mode);
    try {
      for await (const chunk of chunks) await handle.write(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await name(unready);
  } finally {
    await rm(unready, { force: true });
  }
}
