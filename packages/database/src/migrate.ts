// Brings a database to the schema of packages/database/migrations, and of each plugin's own migrations, with node-pg-migrate. Forward only: no
// migration is ever undone. Files are named NNNN_name.sql and run in the order of their number; node-pg-migrate refuses a file without one.

import { readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { type ConnectionTarget, clientConfig, describeTarget } from './connection-target.ts';
import { DatabaseError } from './database-error.ts';
import type { DatabaseLog } from './log.ts';

/** A folder of migrations, where the database records them, and whose they are, in words for an error. */
interface Schema {
  readonly folder: string;
  readonly table: string;
  readonly program: string;
}

/** Where the database records the migrations of this program. */
export const ownTable = 'schema_migrations';
// Bounds the wait for another process that migrates the same database, and for a table lock. A guess: far above what a migration of ours takes.
const lockTimeoutMs = 60_000;
const connectTimeoutMs = 10_000;
const lockNotAvailable = '55P03';

/** The folder of the migrations, for tools that need to read them. */
export function migrationsFolder(): string {
  return fileURLToPath(new URL('../migrations', import.meta.url));
}

/** The names of the migrations as the database records them: file names without `.sql`, in no particular order. */
export async function migrationNames(folder = migrationsFolder()): Promise<string[]> {
  const files = await readdir(folder);
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

async function refuseNewerSchema(client: pg.Client, { folder, table, program }: Schema): Promise<void> {
  const known = new Set(await migrationNames(folder));
  const { rows } = await client.query<{ name: string }>(`SELECT name FROM ${table} ORDER BY id`);
  const unknown = rows.find((row) => !known.has(row.name));
  if (unknown === undefined) return;
  throw new DatabaseError(
    'schema-newer',
    `The database was made by a newer version of ${program} (migration ${unknown.name}); update this one.`,
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
export function migrate(connection: ConnectionTarget, log: DatabaseLog): Promise<void> {
  return apply(connection, { folder: migrationsFolder(), table: ownTable, program: 'this program' }, log);
}

/**
 * The same for the tables of a plugin: those in `folder` of the plugin with this name, which is lower-case letters, digits and underscores, at
 * most 31. They are recorded in `plugin_<name>_migrations`, and come after those of `migrate`.
 */
export function migratePlugin(
  connection: ConnectionTarget,
  plugin: { name: string; folder: string },
  log: DatabaseLog,
): Promise<void> {
  const { name, folder } = plugin;
  return apply(connection, { folder, table: `plugin_${name}_migrations`, program: `the plugin ${name}` }, log);
}

async function apply(connection: ConnectionTarget, schema: Schema, log: DatabaseLog): Promise<void> {
  const client = await connect(connection);
  try {
    await refuseOtherEncoding(client);
    const applied = await runner({
      dbClient: client,
      dir: schema.folder,
      ignorePattern: '(?!.*\\.sql$).*',
      direction: 'up',
      migrationsTable: schema.table,
      checkOrder: true,
      singleTransaction: true,
      advisoryLockMode: 'wait',
      logger: quietLogger(log),
    }).catch((error: unknown) => {
      throw explain(error);
    });
    if (applied.length > 0) log.info({ migrations: applied.map(({ name }) => name) }, 'schema migrated');
    await refuseNewerSchema(client, schema);
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
