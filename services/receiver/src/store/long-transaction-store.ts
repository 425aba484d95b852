// What a transaction that goes on for minutes needs of PostgreSQL, and nothing else: limits that are right for short ones are lifted for it.

import type { PoolClient } from 'pg';

/**
 * Lets the caller's transaction go on for as long as it needs: no limit on its pauses, its statements or its length, each lifted for this
 * transaction alone. In return PostgreSQL looks every second whether the client is still there, and ends a query that nobody waits for.
 * For readers, whose snapshot makes nobody wait who writes, and for an import, which nobody else can write beside. lock_timeout stays: it
 * bounds a wait for others.
 */
export async function prepareLongTransaction(client: PoolClient): Promise<void> {
  // The join leaves out what this version has not: transaction_timeout came with 17. A server on Windows cannot look for its client and
  // refuses the setting; it alone has shared memory of type windows.
  await client.query(
    `SELECT set_config(name, value, true)
       FROM (VALUES ('idle_in_transaction_session_timeout', '0'), ('statement_timeout', '0'), ('transaction_timeout', '0'),
                    ('client_connection_check_interval', '1s')) AS wanted (name, value)
       JOIN pg_settings USING (name)
      WHERE name <> 'client_connection_check_interval' OR current_setting('dynamic_shared_memory_type') <> 'windows'`,
  );
}
