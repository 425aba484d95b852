// One connection outside of any pool, for a few administrative statements.

import pg from 'pg';
import { type ConnectionTarget, clientConfig } from './connection-target.ts';

// Bounds one attempt to connect. A guess with room for a busy small machine.
const connectTimeoutMs = 5_000;

/** Connects, runs `work`, and closes the connection whatever happened. Errors of node-postgres pass through. */
export async function withConnection<T>(target: ConnectionTarget, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ ...clientConfig(target), connectionTimeoutMillis: connectTimeoutMs });
  client.on('error', () => {
    // The statement that is running rejects with the same error.
  });
  try {
    await client.connect();
    return await work(client);
  } finally {
    // A connection that has failed cannot be closed once more, and need not be.
    await client.end().catch(() => undefined);
  }
}
