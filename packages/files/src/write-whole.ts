// Writing a file, or a newer one in its place.

import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './sync-folder.ts';
import { type FileToWrite, writeUnready } from './unready-file.ts';

/**
 * Writes a file and gives it its name once it is on disk. Folders are made as needed. Throws what the file system throws.
 * A crash before the rename leaves the old file, if there was one; after it, the new file whole. Once this has resolved, the name outlives
 * a power cut too.
 */
export async function writeWhole(file: FileToWrite): Promise<void> {
  await writeUnready(file, (unready) => rename(unready, file.path));
  await syncFolder(dirname(file.path));
}
