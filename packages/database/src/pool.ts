// A node-postgres pool with this project's types and failure handling. Transactions are in transaction.ts.

import pg from 'pg';
import { type ConnectionTarget, clientConfig } from './connection-target.ts';

// Bounds how long a caller waits for a free connection before it can answer 503. A guess: longer than any transaction of ours takes.
const connectTimeoutMs = 10_000;

// A process that is frozen or cut off inside a transaction would hold its locks, and with them the whole ledger. PostgreSQL ends its session
// after this long without a word. A guess: far above any pause of a running process, short for whoever waits.
const idleInTransactionTimeoutMs = 10_000;
// Whoever waits for such a lock gives up a little later, and its caller hears that the database is away.
const lockTimeoutMs = 15_000;
// Silence on a connection before the operating system asks whether the other side is still there. A guess.
const keepAliveDelayMs = 10_000;

const int8Oid = pg.types.builtins.INT8;
// The oid of int8[], which pg-types does not name (PostgreSQL's pg_type.dat).
const int8ArrayOid = 1016;

/** PostgreSQL's text form, `{1,NULL,3}`. One dimension is all that this project's SQL uses. */
function parseInt8Array(text: string): (bigint | null)[] {
  if (text === '{}') return [];
  return text
    .slice(1, -1)
    .split(',')
    .map((entry) => (entry === 'NULL' ? null : BigInt(entry)));
}

function poolTypes(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  types.setTypeParser(int8Oid, BigInt);
  types.setTypeParser(int8ArrayOid, parseInt8Array);
  return types;
}

/**
 * Opens a pool; connections are made when they are needed.
 *
 * int8 and int8[] come back as bigint, bytea as Buffer, numeric as string; the parsers belong to this pool alone. With `isPipelined`,
 * queries of one client are sent without waiting for the answers of earlier ones, ending such a client waits for all of them, and prepared
 * statements are planned once. `onError` hears of every connection that fails,
 * idle or in use, once or more each; a failure never ends the process, and queries in flight reject on their own. The caller ends the pool.
 */
export function openPool(options: {
  connection: ConnectionTarget;
  applicationName: string;
  maxConnections: number;
  onError: (error: Error) => void;
  isPipelined?: boolean;
}): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(options.connection),
    application_name: options.applicationName,
    max: options.maxConnections,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
    idle_in_transaction_session_timeout: idleInTransactionTimeoutMs,
    lock_timeout: lockTimeoutMs,
    types: poolTypes(),
    pipeline: options.isPipelined ?? false,
  });
  // node-postgres emits 'error' on a client that is checked out too, and an 'error' without a listener ends the process.
  pool.on('connect', (client) => {
    client.on('error', options.onError);
    if (options.isPipelined) {
      // The same few statements over and over: planned once, where PostgreSQL would plan them anew for each number of readings (a tenth of its work).
      client.query('SET plan_cache_mode = force_generic_plan').catch(options.onError);
    }
  });
  pool.on('error', () => {
    // The listener above has reported this one: the pool only repeats what an idle client emitted.
  });
  return pool;
}
