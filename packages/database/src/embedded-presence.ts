// One connection that a process keeps open to the embedded server for as long as it uses it. Counting these tells whether
// anybody else does; the kernel closes it when the process dies, so a kill -9 leaves no trace.

import pg from 'pg';
import { type ConnectionTarget, clientConfig } from './connection-target.ts';
import { withConnection } from './short-connection.ts';

const applicationName = 'telltale-presence';
// Bounds one attempt on a unix socket, whose answer takes milliseconds. A guess with room for a busy small machine.
const connectTimeoutMs = 5_000;

/** An open presence. `close` is idempotent and never throws. `lost` resolves if the connection ends in any other way than by `close`. */
export type Presence = { lost: Promise<Error | undefined>; close(): Promise<void> };

/** Opens a presence. Rejects as node-postgres does while the server starts or stops. */
export async function openPresence(target: ConnectionTarget): Promise<Presence> {
  const client = new pg.Client({
    ...clientConfig(target),
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeoutMs,
  });
  let isClosed = false;
  let failure: Error | undefined;
  client.on('error', (error) => {
    failure = error;
  });
  const lost = new Promise<Error | undefined>((resolve) => {
    client.once('end', () => {
      if (!isClosed) resolve(failure);
    });
  });
  try {
    await client.connect();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  return {
    lost,
    async close() {
      if (isClosed) return;
      isClosed = true;
      await client.end().catch(() => undefined);
    },
  };
}

/** How many presences there are, whoever they belong to. */
export async function countPresences(target: ConnectionTarget): Promise<number> {
  return withConnection(target, async (client) => {
    const sql = 'SELECT count(*)::int4 AS presences FROM pg_stat_activity WHERE application_name = $1';
    const { rows } = await client.query<{ presences: number }>(sql, [applicationName]);
    return rows[0]?.presences ?? 0;
  });
}
