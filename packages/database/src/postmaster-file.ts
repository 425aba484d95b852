// Reads the cluster's postmaster.pid, and tells a server that runs on this cluster from a file that a dead one left behind.
// The file's layout: PostgreSQL's src/include/utils/pidfile.h (pid, data folder, start time, port, socket folder, address, shared memory, state).

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * `stale`: the file names a process that is gone or, after the system gave its pid away again, another program.
 * `running`: that process is a server on this cluster; unless it `isReady` it is still starting or already stopping, and takes no connection.
 */
export type PostmasterState =
  | { kind: 'absent' }
  | { kind: 'stale'; pid: number; socketFolder: string | undefined }
  | { kind: 'running'; pid: number; isReady: boolean; socketFolder: string; port: number };

async function processArguments(pid: number): Promise<string[]> {
  if (process.platform === 'linux') {
    // Readable whoever owns the process; empty for a zombie.
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  }
  const { stdout } = await promisify(execFile)('/bin/ps', ['-ww', '-o', 'args=', '-p', String(pid)]);
  return [stdout];
}

/** Whether process `pid` is a server that was started on `clusterFolder`, which must be spelled as it was then: absolute, links resolved. */
export async function isPostmasterOf(pid: number, clusterFolder: string): Promise<boolean> {
  let words: string[];
  try {
    words = await processArguments(pid);
  } catch {
    // No such process: the one answer that reading it gives once it is gone.
    return false;
  }
  if (words.length === 1) return words[0]?.includes(`-D ${clusterFolder} `) ?? false;
  return words[words.indexOf('-D') + 1] === clusterFolder;
}

/** The state of the server of `clusterFolder` (absolute, links resolved). Means something only while the caller holds the lock on starting and stopping. */
export async function readPostmasterState(clusterFolder: string): Promise<PostmasterState> {
  let text: string;
  try {
    text = await readFile(join(clusterFolder, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { kind: 'absent' };
    throw error;
  }
  const [pidText = '', folderWritten, , portText = '', socketFolder = '', , , status = ''] = text.split('\n');
  const pid = Number.parseInt(pidText, 10);
  // A crash of the machine can leave an empty file, which PostgreSQL itself refuses or replaces as it sees fit.
  if (!Number.isSafeInteger(pid) || pid <= 0) return { kind: 'absent' };
  if (!(await isPostmasterOf(pid, clusterFolder))) {
    // A copied data folder carries the file of its original, whose socket folder is not ours to use.
    const isOfThisCluster = folderWritten === clusterFolder && socketFolder !== '';
    return { kind: 'stale', pid, socketFolder: isOfThisCluster ? socketFolder : undefined };
  }
  const isReady = status.trim() === 'ready' && socketFolder !== '';
  return { kind: 'running', pid, isReady, socketFolder, port: Number.parseInt(portText, 10) };
}
