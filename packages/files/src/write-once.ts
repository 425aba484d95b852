// Writing a file that is never written again, such as a key.

import { link } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from './sync-folder.ts';
import { type FileToWrite, writeUnready } from './unready-file.ts';

/**
 * Writes a file unless it is there; what is there stays as it is. Two processes that write at once end up with one file, the same for both, since
 * link() fails where the name is taken: the caller reads it afterwards. Throws what the file system throws otherwise.
 * A crash before the link leaves no file; after it, the file whole. Once this has resolved, the name outlives a power cut too.
 */
export async function writeOnce(file: FileToWrite): Promise<void> {
  await writeUnready(file, (unready) =>
    link(unready, file.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    }),
  );
  await syncFolder(dirname(file.path));
}
