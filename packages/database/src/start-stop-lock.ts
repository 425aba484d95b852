// A lock between processes that start or stop the server of one data folder. The kernel drops it when its holder dies, however it dies:
// it is SQLite's exclusive file lock, which Node.js brings along. Nothing is ever written to the file.

import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseError } from './database-error.ts';

// Bounds the wait for another holder: initdb and crash recovery on a slow card take tens of seconds. A guess.
const lockTimeoutMs = 120_000;
const pollIntervalMs = 20;
// SQLITE_BUSY (sqlite.org/rescode.html): somebody else holds the lock.
const sqliteBusy = 5;

function unusable(lockFile: string, cause: unknown): DatabaseError {
  return new DatabaseError('data-folder-unusable', `Cannot write ${lockFile}: choose another DATA_DIR.`, { cause });
}

function open(lockFile: string): DatabaseSync {
  try {
    return new DatabaseSync(lockFile, { timeout: 0 });
  } catch (cause) {
    throw unusable(lockFile, cause);
  }
}

function tryLock(handle: DatabaseSync, lockFile: string): boolean {
  try {
    handle.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy) return false;
    throw unusable(lockFile, error);
  }
}

/**
 * Runs `work` while no other process, and no other call in this one, runs under the same `lockFile`.
 * Throws {@link DatabaseError}: `embedded-lock-timeout` after two minutes, `data-folder-unusable` if the file cannot be opened.
 */
export async function withStartStopLock<T>(lockFile: string, work: () => Promise<T>): Promise<T> {
  const handle = open(lockFile);
  try {
    const deadlineMs = performance.now() + lockTimeoutMs;
    while (!tryLock(handle, lockFile)) {
      if (performance.now() > deadlineMs) {
        throw new DatabaseError(
          'embedded-lock-timeout',
          `Another process has been starting or stopping the embedded PostgreSQL for ${lockTimeoutMs / 1000} s (${lockFile}).`,
        );
      }
      await delay(pollIntervalMs);
    }
    return await work();
  } finally {
    handle.close();
  }
}
