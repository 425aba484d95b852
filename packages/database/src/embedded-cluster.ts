// The embedded server's files, `<dataDir>/postgres`: made once by initdb, checked at each start. Nothing here starts a server.
// The caller holds the lock on starting and stopping.

import { chown, mkdtemp, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { DatabaseError } from './database-error.ts';
import type { EmbeddedBinaries } from './embedded-binaries.ts';
import { chooseServerUser, type ServerUser, spawnAsServerUser } from './embedded-launch.ts';
import type { DatabaseLog } from './log.ts';

/** PostgreSQL's superuser in the embedded server. No password: the socket folder admits only who may use it. */
export const embeddedUser = 'telltale';

/** A cluster that is ready to be served. `folder` is absolute, with links resolved. */
export type Cluster = { folder: string; user: ServerUser };

/**
 * Mebibytes of a file of the write-ahead log, PostgreSQL's smallest. Such a file is written whole and synced before its first use, and every commit
 * waits for that: four waits of 61 to 73 ms in 10 s of commits of 8 kB with PostgreSQL's own 16 MB, one of 14 ms with 1 MB (one run each). An SD card
 * will take longer, which was not measured.
 */
const walSegmentMb = 1;

const unfinishedPrefix = 'postgres.new-';

// The initdb of a process that was killed may still be writing into the folder that is removed, for a second or two. Node.js tries again
// on ENOTEMPTY, a tenth of a second later each time: 5.5 s in all.
const removal = { recursive: true, force: true, maxRetries: 10, retryDelay: 100 };

async function runInitdb(options: { binaries: EmbeddedBinaries; folder: string; user: ServerUser }): Promise<void> {
  const child = spawnAsServerUser({
    user: options.user,
    program: options.binaries.initdb,
    programArguments: [
      `--pgdata=${options.folder}`,
      `--username=${embeddedUser}`,
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--data-checksums',
      `--wal-segsize=${walSegmentMb}`,
      '--set=timezone=UTC',
      '--set=log_timezone=UTC',
    ],
    stdio: ['ignore', 'ignore', 'pipe'],
    isDetached: false,
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const complaint = child.stderr === null ? '' : await text(child.stderr);
  const exitCode = await exited;
  if (exitCode !== 0) throw new Error(complaint.trim().split('\n')[0] ?? `initdb ended with ${exitCode}`);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function createCluster(options: {
  dataDir: string;
  folder: string;
  binaries: EmbeddedBinaries;
}): Promise<ServerUser> {
  for (const entry of await readdir(options.dataDir)) {
    if (entry.startsWith(unfinishedPrefix)) await rm(join(options.dataDir, entry), removal);
  }
  const user = chooseServerUser(undefined);
  // A name of its own: the initdb of a process that was killed may still be writing into an earlier one.
  const unfinished = await mkdtemp(join(options.dataDir, unfinishedPrefix));
  try {
    if (user.kind === 'other') await chown(unfinished, user.uid, user.gid);
    await runInitdb({ binaries: options.binaries, folder: unfinished, user });
  } catch (cause) {
    await rm(unfinished, removal);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DatabaseError('embedded-init-failed', `The embedded PostgreSQL could not create its files: ${reason}`, {
      cause,
    });
  }
  // initdb has synced its files. A crash before this rename leaves a folder that the next start removes; after it, a whole cluster.
  await rename(unfinished, options.folder);
  await syncFolder(options.dataDir);
  return user;
}

async function checkCluster(options: { folder: string; binaries: EmbeddedBinaries }): Promise<void> {
  const { folder, binaries } = options;
  const version = await readFile(join(folder, 'PG_VERSION'), 'utf8').catch((cause: unknown) => {
    const message = `${folder} holds files, but no PostgreSQL database: choose another DATA_DIR.`;
    throw new DatabaseError('data-folder-unusable', message, { cause });
  });
  if (version.trim() === binaries.majorVersion) return;
  throw new DatabaseError(
    'cluster-version',
    `${folder} holds a database of PostgreSQL ${version.trim()}, but the embedded one is version ${binaries.majorVersion}: upgrade it with pg_upgrade, or choose another DATA_DIR.`,
  );
}

async function isMissing(folder: string): Promise<boolean> {
  try {
    // An empty folder, made by hand or by a mount, counts as missing; one with files in it stays.
    await rmdir(folder);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

/**
 * The cluster of `dataDir` (absolute, links resolved), created if there is none.
 * Throws {@link DatabaseError}: `embedded-init-failed`, `cluster-version` or `data-folder-unusable`.
 */
export async function ensureCluster(options: {
  dataDir: string;
  folder: string;
  binaries: EmbeddedBinaries;
  log: DatabaseLog;
}): Promise<Cluster> {
  const { dataDir, folder, binaries, log } = options;
  if (await isMissing(folder)) {
    const startedMs = performance.now();
    const user = await createCluster({ dataDir, folder, binaries });
    log.info({ folder, durationMs: Math.round(performance.now() - startedMs) }, 'embedded PostgreSQL files created');
    return { folder, user };
  }
  const { uid, gid } = await stat(folder);
  const user = chooseServerUser({ uid, gid });
  await checkCluster({ folder, binaries });
  return { folder, user };
}
