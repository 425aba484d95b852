// A file's name is an entry of its folder, which has a place on the disk of its own.

import { open } from 'node:fs/promises';

/** Brings the folder's entries to the disk. Throws what the file system throws. Windows opens no folders: nothing is done there. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
