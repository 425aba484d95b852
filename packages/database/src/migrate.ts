// Brings a database to the schema of packages/database/migrations with node-pg-migrate. Forward only: no migration is ever undone.
// Files are named NNNN_name.sql and run in the order of their number; node-pg-migrate refuses a file without one.

import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { type ConnectionTarget, clientConfig, describeTarget } from './connection-target.ts';
import { DatabaseError } from './database-error.ts';
import type { DatabaseLog } from './log.ts';

const migrationsTable = 'schema_migrations';
// Bounds the wait for another process that migrates the same database, and for a table lock. A guess: far above what a migration of ours takes.
const lockTimeoutMs = 60_000;
const connectTimeoutMs = 10_000;
const lockNotAvailable = '55P03';

/** The folder of the migrations, for tools that need to read them. */
export function migrationsFolder(): string {
  return fileURLToPath(new URL('../migrations', import.meta.url));
}

/** The names of the migrations as the database records them: file names without `.sql`, in no particular order. */
export async function migrationNames(): Promise<string[]> {
  const files = await readdir(migrationsFolder());
  return files.filter((file) => file.endsWith('.sql')).map((file) => basename(file, '.sql'));
}

async function connect(connection: ConnectionTarget): Promise<pg.Client> {
  const client = new pg.Client({
    ...clientConfig(connection),
    application_name: 'telltale-migrate',
    connectionTimeoutMillis: connectTimeoutMs,
    lock_timeout: lockTimeoutMs,
  });
  client.on('error', () => {
    // The query that is running rejects with the same error, and the connection is closed in any case.
  });
  try {
    await client.connect();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DatabaseError(
      'database-unreachable',
      `Cannot connect to PostgreSQL (${describeTarget(connection)}): ${reason}.`,
      { cause },
    );
  }
  return client;
}

function explain(cause: unknown): DatabaseError {
  if (cause instanceof pg.DatabaseError && cause.code === lockNotAvailable) {
    const message = `Another process has been changing the schema for more than ${lockTimeoutMs / 1000} s; try again later.`;
    return new DatabaseError('migration-lock-timeout', message, { cause });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DatabaseError('migration-failed', `The schema could not be brought up to date: ${reason}`, { cause });
}

async function refuseNewerSchema(client: pg.Client): Promise<void> {
  const known = new Set(await migrationNames());
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${migrationsTable} ORDER BY id`);
  const unknown = rows.find((row) => !known.has(row.name));
  if (unknown === undefined) return;
  throw new DatabaseError(
    'schema-newer',
    `The database was made by a newer version of this program (migration ${unknown.name}); update this one.`,
  );
}

/**
 * Names of devices are stored as text: in another encoding some of them could not be stored at all, and their readings would wait for ever.
 * SQL_ASCII, which an initdb without a locale chooses, keeps every byte as it comes.
 */
async function refuseOtherEncoding(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_encoding: string }>('SHOW server_encoding');
  const encoding = rows[0]?.server_encoding;
  if (encoding === 'UTF8' || encoding === 'SQL_ASCII') return;
  throw new DatabaseError(
    'database-encoding',
    `The database is encoded in ${encoding}: make one with ENCODING 'UTF8'.`,
  );
}

/**
 * Applies the migrations that the database lacks, all in one transaction, and returns when the schema is current. Processes that do
 * so at the same time wait for each other, at most a minute.
 *
 * A crash before the commit leaves the schema as it was; after it, the migrations are recorded and not run again.
 *
 * Throws {@link DatabaseError}: `database-unreachable`, `database-encoding`, `migration-lock-timeout`, `migration-failed`, or `schema-newer` if the
 * database holds migrations that this version does not know.
 */
export async function migrate(connection: ConnectionTarget, log: DatabaseLog): Promise<void> {
  const client = await connect(connection);
  try {
    await refuseOtherEncoding(client);
    const applied = await runner({
      dbClient: client,
      dir: migrationsFolder(),
      ignorePattern: '(?!.*\\.sql$).*',
      direction: 'up',
      migrationsTable,
      checkOrder: true,
      singleTransaction: true,
      advisoryLockMode: 'wait',
      logger: quietLogger(log),
    }).catch((error: unknown) => {
      throw explain(error);
    });
    if (applied.length > 0) log.info({ migrations: applied.map(({ name }) => name) }, 'schema migrated');
    await refuseNewerSchema(client);
  } finally {
    await client.end();
  }
}

// Progress is one line of our own, and errors arrive as exceptions, with the SQL left out.
function quietLogger(log: DatabaseLog) {
  return {
    info: () => undefined,
    warn: (detail: string) => log.warn({ detail }, 'schema migration warned'),
    error: () => undefined,
  };
}
