// The folder of the embedded server's unix socket: mode 0700, owned by the server's user, and short, because a socket's path
// ends at 103 bytes on macOS and 107 on Linux.

import { chown, lstat, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerUser } from './embedded-launch.ts';

const prefix = 'telltale-pg-';
const longestSocketPathBytes = 103;
// mkdtemp's six characters, and PostgreSQL's name for the socket of a port.
const namesBelowBytes = Buffer.byteLength(`/${prefix}XXXXXX/.s.PGSQL.65535`);

async function give(folder: string, user: ServerUser): Promise<void> {
  if (user.kind === 'other') await chown(folder, user.uid, user.gid);
}

async function makeAgain(folder: string, user: ServerUser): Promise<boolean> {
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch {
    // It exists, or its parent is gone: the caller looks.
    return false;
  }
  await give(folder, user);
  return true;
}

/** Whether `folder` is still there, private and the server's own. What a killed server left in it is removed: its lock names a pid that may live on as another program. */
async function takeOver(folder: string, user: ServerUser): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true || found.uid !== user.uid || (found.mode & 0o077) !== 0) return false;
  for (const entry of await readdir(folder)) {
    if (entry.startsWith('.s.PGSQL.')) await rm(join(folder, entry), { force: true });
  }
  return true;
}

/**
 * A folder for the socket. `earlier`, where the server listened before it died, is taken again if it is safe to:
 * then the pools of other processes find the restarted server.
 */
export async function prepareSocketFolder(options: { user: ServerUser; earlier: string | undefined }): Promise<string> {
  const { user, earlier } = options;
  if (earlier !== undefined && ((await makeAgain(earlier, user)) || (await takeOver(earlier, user)))) return earlier;
  const parent = Buffer.byteLength(tmpdir()) + namesBelowBytes <= longestSocketPathBytes ? tmpdir() : '/tmp';
  const folder = await mkdtemp(join(parent, prefix));
  await give(folder, user);
  return folder;
}

/** Removes the folder of a server that has stopped. */
export async function removeSocketFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
