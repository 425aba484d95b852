// The PostgreSQL server that stands in when DATABASE_URL is unset: one for each data folder, shared by every process that uses it,
// started by the first and stopped by the last. Below `dataDir` it owns postgres/, postgres.lock and postgres.log.

import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { type ConnectionTarget, targetUrl, withDatabase } from './connection-target.ts';
import { DatabaseError } from './database-error.ts';
import { type EmbeddedBinaries, findEmbeddedBinaries } from './embedded-binaries.ts';
import { ensureCluster } from './embedded-cluster.ts';
import { findRunningServer, startOrAdopt, stopServer } from './embedded-postmaster.ts';
import { countPresences, openPresence, type Presence } from './embedded-presence.ts';
import type { DatabaseLog } from './log.ts';
import { withConnection } from './short-connection.ts';
import { withStartStopLock } from './start-stop-lock.ts';

const databaseName = 'telltale';
// Bounds how often a lost server is looked for or started again. A guess: soon for a person, rare for a log.
const recoveryPauseMs = 1_000;
// A process that has just been killed is still counted until its session has noticed. One more look after this pause. A guess.
const sessionEndPauseMs = 100;

/** This process's share in a running server. `target` is the database to use; it stays the same if the server has to be started again. */
export type EmbeddedServer = {
  target: ConnectionTarget;
  /**
   * Ends this process's share; the last one stops the server and waits for it. Idempotent. End pools first: their connections would be cut.
   * Throws {@link DatabaseError} `embedded-stop-timeout` or `embedded-lock-timeout`; the data is safe in either case.
   */
  stop(): Promise<void>;
};

type Paths = { dataDir: string; folder: string; lockFile: string; logFile: string };

async function preparePaths(dataDir: string): Promise<Paths> {
  try {
    // Below root the server is another user, who must be able to pass through, and no more.
    await mkdir(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    const real = await realpath(dataDir);
    const folder = join(real, 'postgres');
    return {
      dataDir: real,
      folder: await realpath(folder).catch(() => folder),
      lockFile: join(real, 'postgres.lock'),
      logFile: join(real, 'postgres.log'),
    };
  } catch (cause) {
    throw new DatabaseError(
      'data-folder-unusable',
      `Cannot use ${dataDir} as the data folder: choose another DATA_DIR.`,
      {
        cause,
      },
    );
  }
}

/** The caller holds the lock on starting and stopping, so no other process creates it meanwhile. */
async function ensureDatabase(serverTarget: ConnectionTarget): Promise<void> {
  await withConnection(serverTarget, async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [databaseName]);
    // A crash before or after this leaves no database or a whole one; the next start looks again.
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(databaseName)}`);
  });
}

/**
 * Starts the embedded server of `dataDir`, or joins the one that is already running there, also one that a killed process left behind.
 * Creates what is missing: the folder, PostgreSQL's files, the database "telltale". If the server dies later, it is started again and
 * pools reconnect by themselves; meanwhile their queries fail.
 *
 * Throws {@link DatabaseError}: any code that begins with `embedded-`, `data-folder-unusable` or `cluster-version`.
 */
export async function startEmbeddedServer(options: { dataDir: string; log: DatabaseLog }): Promise<EmbeddedServer> {
  const binaries = await findEmbeddedBinaries();
  const paths = await preparePaths(options.dataDir);
  const share = new Share({ binaries, paths, log: options.log });
  return { target: await share.join(), stop: () => share.leave() };
}

/** Owns the presence connection and its renewal. At most one recovery runs at a time, and none once `leave` was called. */
class Share {
  readonly #binaries: EmbeddedBinaries;
  readonly #paths: Paths;
  readonly #log: DatabaseLog;
  readonly #leaving = new AbortController();
  #presence: Presence | undefined;
  #target: ConnectionTarget | undefined;
  #recovery: Promise<void> = Promise.resolve();
  #left: Promise<void> | undefined;

  constructor(options: { binaries: EmbeddedBinaries; paths: Paths; log: DatabaseLog }) {
    this.#binaries = options.binaries;
    this.#paths = options.paths;
    this.#log = options.log;
  }

  async join(): Promise<ConnectionTarget> {
    return withStartStopLock(this.#paths.lockFile, async () => {
      const cluster = await ensureCluster({ ...this.#paths, binaries: this.#binaries, log: this.#log });
      const earlier = this.#target?.kind === 'socket' ? this.#target.folder : undefined;
      return startOrAdopt({
        cluster,
        binaries: this.#binaries,
        logFile: this.#paths.logFile,
        earlierSocketFolder: earlier,
        log: this.#log,
        connect: async (serverTarget) => {
          // The presence first: from then on nobody else stops the server.
          const presence = await openPresence(serverTarget);
          try {
            await ensureDatabase(serverTarget);
          } catch (error) {
            await presence.close();
            throw error;
          }
          await this.#presence?.close();
          this.#presence = presence;
          presence.lost.then((error) => this.#lost(error));
          this.#target ??= withDatabase(serverTarget, databaseName);
          this.#warnIfMoved(serverTarget);
          return this.#target;
        },
      });
    });
  }

  leave(): Promise<void> {
    this.#left ??= this.#leaveOnce();
    return this.#left;
  }

  async #leaveOnce(): Promise<void> {
    this.#leaving.abort();
    await this.#recovery;
    await withStartStopLock(this.#paths.lockFile, async () => {
      await this.#presence?.close();
      const server = await findRunningServer(this.#paths.folder);
      if (server === undefined) return;
      // One that takes no connections has no users either.
      if (server.target !== undefined && (await this.#isUsedByOthers(server.target))) return;
      await stopServer(server, this.#paths.folder);
      this.#log.info({ pid: server.pid }, 'embedded PostgreSQL stopped');
    });
  }

  async #isUsedByOthers(serverTarget: ConnectionTarget): Promise<boolean> {
    try {
      if ((await countPresences(serverTarget)) === 0) return false;
      await delay(sessionEndPauseMs);
      return (await countPresences(serverTarget)) > 0;
    } catch (error) {
      // Not being able to ask is no proof that nobody uses it: all connections may be taken. Left running, it is adopted by the next start.
      this.#log.warn({ err: error }, 'embedded PostgreSQL did not answer and is left running');
      return true;
    }
  }

  #lost(error: Error | undefined): void {
    if (this.#leaving.signal.aborted) return;
    this.#log.warn({ err: error }, 'embedded PostgreSQL lost');
    this.#recovery = this.#recover();
  }

  async #recover(): Promise<void> {
    while (!this.#leaving.signal.aborted) {
      try {
        await this.join();
        this.#log.info({}, 'embedded PostgreSQL recovered');
        return;
      } catch (error) {
        this.#log.warn({ err: error }, 'embedded PostgreSQL not recovered yet');
      }
      // An abort only ends the pause early; the loop's condition ends the rest.
      await delay(recoveryPauseMs, undefined, { signal: this.#leaving.signal }).catch(() => undefined);
    }
  }

  #warnIfMoved(serverTarget: ConnectionTarget): void {
    if (this.#target === undefined) return;
    const expected = targetUrl(this.#target);
    const actual = targetUrl(withDatabase(serverTarget, databaseName));
    if (actual !== expected) this.#log.warn({ expected, actual }, 'embedded PostgreSQL moved, restart this process');
  }
}
