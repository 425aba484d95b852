// Of the receivers that share one database, one is the ring's node: a lock of a database session, which ends with the session however the
// process ends. Two nodes on one store would be two replicas on one disk.

import type { PluginLog } from '@telltale/plugin';
import type { Pool, PoolClient } from 'pg';

/** Any two numbers, the same in every receiver: a space of locks apart from that of one big number. */
const LOCK = [1_952_803_437, 1] as const;
/** How soon a receiver is the node after the one before it went away. A guess. */
const TRY_MS = 1_000;

export interface NodeLockOptions {
  readonly pool: Pool;
  readonly log: PluginLog;
  /** The lock is held from now on. Called again after `lost`, once what `lost` gave has settled; and again after a while when it rejects. */
  readonly held: () => Promise<void>;
  /** The session ended, and another receiver may hold the lock. Must not reject. */
  readonly lost: () => Promise<void>;
}

export class NodeLock {
  private readonly options: NodeLockOptions;
  private client: PoolClient | undefined;
  private timer: NodeJS.Timeout | undefined;
  private turn: Promise<void> = Promise.resolve();
  private isStopped = false;
  private lastSaid = '';

  constructor(options: NodeLockOptions) {
    this.options = options;
  }

  /** Tries until it is held, and again whenever it was lost, until `stop`. */
  start(): void {
    this.turn = this.turn.then(() => this.round());
  }

  /** Tries no more. Whoever holds something because of the lock ends it before `release`. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.turn;
  }

  /** Lets another receiver have it. */
  release(): void {
    const { client } = this;
    this.client = undefined;
    // The session ends, and the lock with it: its connection goes back to nobody.
    client?.release(true);
  }

  /** Never rejects: a database that is away is asked again. */
  private async round(): Promise<void> {
    if (this.isStopped) return;
    const { pool, held } = this.options;
    try {
      const client = await pool.connect();
      if (await this.take(client)) {
        await held();
        this.lastSaid = '';
        return;
      }
      client.release();
      this.say('another receiver of this database is the ring node; this one waits', {});
    } catch (err) {
      this.release();
      this.say('ring node cannot be started; it is tried again', { err });
    }
    this.again();
  }

  /** Once, until something else is to be said. */
  private say(message: string, fields: { err?: unknown }): void {
    if (message === this.lastSaid) return;
    this.lastSaid = message;
    if ('err' in fields) this.options.log.error(fields, message);
    else this.options.log.info(fields, message);
  }

  private async take(client: PoolClient): Promise<boolean> {
    try {
      const { rows } = await client.query<{ is_held: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS is_held', [
        ...LOCK,
      ]);
      if (rows[0]?.is_held !== true) return false;
    } catch (error) {
      client.release(true);
      throw error;
    }
    this.client = client;
    client.once('end', () => {
      // Not after `release`.
      if (this.client !== client) return;
      this.client = undefined;
      client.release(true);
      this.turn = this.turn.then(async () => {
        await this.options.lost();
        this.again();
      });
    });
    return true;
  }

  private again(): void {
    if (this.isStopped) return;
    this.timer = setTimeout(() => this.start(), TRY_MS);
    this.timer.unref();
  }
}
