// Starts and stops the server process of one cluster, and adopts one that is already running, whoever started it.
// The caller holds the lock on starting and stopping throughout.

import type { ChildProcess } from 'node:child_process';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionTarget } from './connection-target.ts';
import { DatabaseError } from './database-error.ts';
import type { EmbeddedBinaries } from './embedded-binaries.ts';
import { type Cluster, embeddedUser } from './embedded-cluster.ts';
import { spawnAsServerUser } from './embedded-launch.ts';
import type { DatabaseLog } from './log.ts';
import { isPostmasterOf, readPostmasterState } from './postmaster-file.ts';
import { prepareSocketFolder, removeSocketFolder } from './socket-folder.ts';

const pollIntervalMs = 10;
// Only the socket's name contains it, and each server has a folder of its own.
const port = 5432;
// Bounds a server that runs but takes no connection: crash recovery of a large log on a slow card. A guess.
const readyTimeoutMs = 120_000;
// After a kill -9 of the server its children hold the shared memory for a second or two, and every start fails until they are gone
// (measured). Ten attempts half a second apart are more than twice that.
const launchAttempts = 10;
const launchPauseMs = 500;
// Between attempts to connect to a server that says it is ready and refuses: each refusal is a line in its log. A guess.
const connectPauseMs = 200;
// Bounds the shutdown checkpoint, which writes at most shared_buffers. A guess for a slow card.
const stopTimeoutMs = 60_000;
// Bounds the server's log file; one older file is kept.
const logFileLimitBytes = 10_000_000;

/** Settings that differ from PostgreSQL's defaults, or that must hold whatever postgresql.conf says. */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  unix_socket_permissions: '0700',
  fsync: 'on',
  synchronous_commit: 'on',
  full_page_writes: 'on',
  // Half of PostgreSQL's default: a Raspberry Pi with 1 GB runs the sender beside it. A guess.
  shared_buffers: '64MB',
  // Several receivers with a pool each, with a margin. A guess.
  max_connections: '60',
  // PostgreSQL's defaults for files of 16 MB, which initdb would scale down with their size: fewer files kept for use again, and a checkpoint every 64 MB.
  min_wal_size: '80MB',
  max_wal_size: '1GB',
  jit: 'off',
  log_checkpoints: 'off',
  // Statements and the values of rows are readings, which no log may hold.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
};

/** Where the server of a cluster listens, with PostgreSQL's own database, which is always there. */
function targetOf(listens: { socketFolder: string; port: number }): ConnectionTarget {
  return { kind: 'socket', folder: listens.socketFolder, port: listens.port, user: embeddedUser, database: 'postgres' };
}

async function openLogFile(path: string) {
  const { size } = await stat(path).catch(() => ({ size: 0 }));
  if (size > logFileLimitBytes) await rename(path, `${path}.1`);
  return open(path, 'a', 0o600);
}

async function launch(options: {
  cluster: Cluster;
  binaries: EmbeddedBinaries;
  logFile: string;
  socketFolder: string;
  stalePid: number | undefined;
}): Promise<ChildProcess> {
  const allSettings = { ...settings, port: String(port), unix_socket_directories: `"${options.socketFolder}"` };
  const log = await openLogFile(options.logFile);
  try {
    const child = spawnAsServerUser({
      user: options.cluster.user,
      program: options.binaries.postgres,
      programArguments: [
        '-D',
        options.cluster.folder,
        ...Object.entries(allSettings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      // PostgreSQL refuses to start while the pid in its old file is alive. We know that this process is no server of this cluster (the
      // pid was given away again), and this variable, pg_ctl's own, makes PostgreSQL pass over it without losing its other checks.
      environment: options.stalePid === undefined ? {} : { PG_GRANDPARENT_PID: String(options.stalePid) },
      // A file, never a pipe to us: the server may outlive this process, and a session of its own keeps Ctrl-C in a terminal from it.
      stdio: ['ignore', log.fd, log.fd],
      isDetached: true,
    });
    child.unref();
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    return child;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DatabaseError('embedded-start-failed', `The embedded PostgreSQL cannot be run: ${reason}.`, { cause });
  } finally {
    await log.close();
  }
}

async function lastComplaint(logFile: string): Promise<string> {
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).trimEnd().split('\n');
  return lines.findLast((line) => /FATAL|PANIC|error/i.test(line)) ?? lines.at(-1) ?? 'it said nothing';
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/**
 * Finds or starts the server of `cluster` and returns what `connect` makes of its address once it takes connections.
 * `earlierSocketFolder` is where it should listen, if it must be started and that folder is still ours.
 * Throws {@link DatabaseError} `embedded-start-failed`, with the server's last complaint.
 */
export async function startOrAdopt<T>(options: {
  cluster: Cluster;
  binaries: EmbeddedBinaries;
  logFile: string;
  earlierSocketFolder: string | undefined;
  connect: (target: ConnectionTarget) => Promise<T>;
  log: DatabaseLog;
}): Promise<T> {
  const { cluster, connect, log, logFile } = options;
  const deadlineMs = performance.now() + readyTimeoutMs;
  let child: ChildProcess | undefined;
  let launches = 0;
  let earlier = options.earlierSocketFolder;
  let failure: unknown;
  while (performance.now() < deadlineMs) {
    const state = await readPostmasterState(cluster.folder);
    if (state.kind === 'running' && state.isReady) {
      try {
        const connected = await connect(targetOf(state));
        log.info({ pid: state.pid }, launches === 0 ? 'embedded PostgreSQL adopted' : 'embedded PostgreSQL started');
        return connected;
      } catch (error) {
        // It has just begun to stop, or it has died, or all its connections are taken: the next look tells.
        failure = error;
        await delay(connectPauseMs);
      }
    } else if (state.kind !== 'running' && (child === undefined || hasExited(child))) {
      if (launches === launchAttempts) {
        if (earlier !== undefined) await removeSocketFolder(earlier);
        break;
      }
      if (launches > 0) await delay(launchPauseMs);
      launches += 1;
      const stalePid = state.kind === 'stale' ? state.pid : undefined;
      earlier ??= state.kind === 'stale' ? state.socketFolder : undefined;
      earlier = await prepareSocketFolder({ user: cluster.user, earlier });
      child = await launch({ ...options, socketFolder: earlier, stalePid });
    }
    await delay(pollIntervalMs);
  }
  throw new DatabaseError(
    'embedded-start-failed',
    `The embedded PostgreSQL does not start: ${await lastComplaint(logFile)} (see ${logFile})`,
    { cause: failure },
  );
}

/** The cluster's server, or undefined if none runs. `target` is undefined while it takes no connections. */
export type RunningServer = { pid: number; socketFolder: string; target: ConnectionTarget | undefined };

/** Looks for the server of `clusterFolder`. */
export async function findRunningServer(clusterFolder: string): Promise<RunningServer | undefined> {
  const state = await readPostmasterState(clusterFolder);
  if (state.kind !== 'running') return undefined;
  return { pid: state.pid, socketFolder: state.socketFolder, target: state.isReady ? targetOf(state) : undefined };
}

function interrupt(pid: number): void {
  try {
    process.kill(pid, 'SIGINT');
  } catch (error) {
    // Gone by itself since it was looked up, which is what was wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/**
 * Stops the server (a fast, clean shutdown that ends all sessions), waits until its process is gone, and removes its socket folder.
 * Throws {@link DatabaseError} `embedded-stop-timeout`; the server then goes on shutting down by itself.
 */
export async function stopServer(server: RunningServer, clusterFolder: string): Promise<void> {
  interrupt(server.pid);
  const deadlineMs = performance.now() + stopTimeoutMs;
  while (await isPostmasterOf(server.pid, clusterFolder)) {
    if (performance.now() > deadlineMs) {
      const message = `The embedded PostgreSQL (process ${server.pid}) is still shutting down after ${stopTimeoutMs / 1000} s.`;
      throw new DatabaseError('embedded-stop-timeout', message);
    }
    await delay(pollIntervalMs);
  }
  if (server.socketFolder !== '') await removeSocketFolder(server.socketFolder);
}
