// The ledger's identity and its counter row, and the genesis that writes both. A ledger is one database, one key, one chain.

import pg, { type PoolClient } from 'pg';
import { ReceiverError } from '../errors.ts';

export interface LedgerIdentity {
  readonly origin: string;
  /** SubjectPublicKeyInfo DER of the ledger's Ed25519 key. */
  readonly publicKey: Uint8Array;
}

/** The counter row as it stands under its lock. */
export interface LogCounter {
  readonly nextLeafIndex: number;
  readonly lastReceivedAtUs: number;
  readonly registryVersion: bigint;
}

interface CounterRow {
  next_leaf_index: bigint;
  last_received_at: bigint;
  registry_version: bigint;
}

/** Who this ledger is, or undefined before genesis. */
export async function loadIdentity(client: PoolClient): Promise<LedgerIdentity | undefined> {
  const { rows } = await client.query<{ origin: string; public_key: Buffer }>('SELECT origin, public_key FROM ledger');
  const row = rows[0];
  return row && { origin: row.origin, publicKey: row.public_key };
}

/** SQLSTATE lock_not_available. */
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Keeps two receivers from making a genesis at the same time, and an import from meeting one; held until the transaction ends.
 * Throws ReceiverError `ledger-busy` after the pool's lock_timeout: an import may take far longer.
 */
export async function lockGenesis(client: PoolClient): Promise<void> {
  try {
    await client.query('LOCK TABLE ledger IN SHARE ROW EXCLUSIVE MODE');
  } catch (cause) {
    if (!(cause instanceof pg.DatabaseError) || cause.code !== LOCK_NOT_AVAILABLE) throw cause;
    const message = 'another process is importing or founding the ledger of this database: wait until it has ended';
    throw new ReceiverError('ledger-busy', message, { cause });
  }
}

export async function insertIdentity(client: PoolClient, identity: LedgerIdentity): Promise<void> {
  await client.query('INSERT INTO ledger (origin, public_key) VALUES ($1, $2)', [identity.origin, identity.publicKey]);
  await client.query('INSERT INTO log_counter (next_leaf_index, last_received_at, registry_version) VALUES (0, 0, 0)');
}

/** Locks the counter row: from here to the end of the transaction nobody else accepts anything. */
export async function lockCounter(client: PoolClient): Promise<LogCounter> {
  const { rows } = await client.query<CounterRow>({
    name: 'lock-counter',
    text: 'SELECT next_leaf_index, last_received_at, registry_version FROM log_counter FOR UPDATE',
  });
  return toCounter(rows[0]);
}

export async function readCounter(client: PoolClient): Promise<LogCounter> {
  const { rows } = await client.query<CounterRow>(
    'SELECT next_leaf_index, last_received_at, registry_version FROM log_counter',
  );
  return toCounter(rows[0]);
}

function toCounter(row: CounterRow | undefined): LogCounter {
  if (!row) throw new Error('the ledger has no counter row');
  return {
    nextLeafIndex: Number(row.next_leaf_index),
    lastReceivedAtUs: Number(row.last_received_at),
    registryVersion: row.registry_version,
  };
}
