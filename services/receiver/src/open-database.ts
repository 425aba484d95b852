// The receiver's database, ready to be used: the embedded server where no other is configured, the schema brought up to date, and pools.

import { type ConnectionTarget, migrate, openPool, startEmbeddedServer } from '@telltale/database';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { ReceiverConfig } from './config.ts';

export interface Database {
  /** Where it is, for whoever needs connections of its own. */
  readonly target: ConnectionTarget;
  readonly pool: Pool;
  /** One connection for group commits, which come one after the other: they never wait behind readers, and send statements together. */
  readonly ingestPool: Pool;
}

/** Gives `onStop` what ends each part, in the order of starting; also of what was started before a failure. Throws DatabaseError. */
export async function openDatabase(
  config: Pick<ReceiverConfig, 'databaseUrl' | 'dataDir' | 'databaseConnections'>,
  context: { log: Logger; onStop: (name: 'embeddedServer' | 'pool', stop: () => Promise<void>) => void },
): Promise<Database> {
  const { log, onStop } = context;
  const embedded =
    config.databaseUrl === undefined ? await startEmbeddedServer({ dataDir: config.dataDir, log }) : undefined;
  if (embedded) onStop('embeddedServer', () => embedded.stop());
  const target: ConnectionTarget = embedded?.target ?? { kind: 'url', url: config.databaseUrl ?? '' };
  await migrate(target, log);
  const open = (options: { maxConnections: number; isPipelined: boolean }) =>
    openPool({
      connection: target,
      applicationName: 'telltale-receiver',
      onError: (err) => log.warn({ err }, 'database connection lost'),
      ...options,
    });
  const pool = open({ maxConnections: config.databaseConnections - 1, isPipelined: false });
  const ingestPool = open({ maxConnections: 1, isPipelined: true });
  onStop('pool', async () => {
    await Promise.all([pool.end(), ingestPool.end()]);
  });
  return { target, pool, ingestPool };
}
