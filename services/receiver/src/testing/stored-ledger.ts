// The database of a test receiver as somebody with psql may alter it, and what validation says of it then.

import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { openPool } from '@telltale/database';
import { type PublicKey, parsePublicKey } from '@telltale/ledger';
import type { Pool } from 'pg';
import { type ValidationReport, validateChain } from '../validate/validate-chain.ts';
import type { TestReceiver } from './test-receiver.ts';
import { until } from './until.ts';

/** Two statements without values: the second takes back what the first did. */
export interface Edit {
  readonly apply: string;
  readonly undo: string;
}

export interface StoredLedger {
  readonly pool: Pool;
  readonly identity: { origin: string; key: PublicKey };
  validate(): Promise<ValidationReport>;
  /** Validates with one row altered, and takes the edit back. Throws when the edit met no row, or another number than one. */
  validateWith(edit: Edit): Promise<ValidationReport>;
  /** Waits until exactly the last `pending` leaves of `leaves` are not in a block. */
  untilSealed(count: { leaves: number; pending: number }): Promise<void>;
  close(): Promise<void>;
}

/** Connections of a test's own. Close them before the receiver's database is dropped. */
export async function openStoredLedger(receiver: TestReceiver): Promise<StoredLedger> {
  const pool = openPool({
    connection: receiver.database.target,
    applicationName: 'telltale-test',
    maxConnections: 1,
    onError: () => undefined,
  });
  // Edits are taken back and lost with the database: nothing needs to wait for the disk.
  await pool.query('SET synchronous_commit = off');
  const pem = await readFile(receiver.config.ledgerKeyFile);
  const key = parsePublicKey(createPublicKey(pem).export({ type: 'spki', format: 'der' }));
  if (!key.ok) throw new Error(key.message);
  const { rows } = await pool.query<{ origin: string }>('SELECT origin FROM ledger');
  const identity = { origin: rows[0]?.origin ?? '', key: key.value };
  const validate = () => validateChain(pool, { ledger: identity, signal: new AbortController().signal });
  const change = async (sql: string) => {
    const { rowCount } = await pool.query(sql);
    if (rowCount !== 1) throw new Error(`${rowCount} rows instead of one: ${sql}`);
  };
  return {
    pool,
    identity,
    validate,
    async validateWith({ apply, undo }) {
      await change(apply);
      try {
        return await validate();
      } finally {
        await change(undo);
      }
    },
    untilSealed: ({ leaves, pending }) =>
      until(`${leaves - pending} of ${leaves} leaves are sealed`, async () => {
        const counts = await pool.query<{ leaves: bigint; sealed: bigint }>(
          'SELECT (SELECT count(*) FROM leaves) AS leaves, (SELECT max(log_size) FROM blocks) AS sealed',
        );
        const [row] = counts.rows;
        return Number(row?.leaves) === leaves && Number(row?.sealed) === leaves - pending;
      }),
    close: () => pool.end(),
  };
}
