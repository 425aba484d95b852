// One transaction on one connection of a pool, and what its failures mean. Not a query builder: work gets the client.

import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { CommitOutcomeUnknownError, DatabaseError } from './database-error.ts';

/** How a transaction is opened. READ WRITE unless `isReadOnly`. */
export type TransactionOptions = { isolation: 'read committed' | 'repeatable read'; isReadOnly?: boolean };

/** What runs inside a transaction. It awaits every query that it starts, and neither commits nor rolls back by itself. */
export type TransactionWork<T> = (client: pg.PoolClient) => Promise<T>;

// Bounds the attempts of retryTransaction. A guess: a transaction that loses this often meets a design fault, not bad luck.
const defaultAttempts = 5;
// Grows with each attempt, so that two transactions that keep meeting drift apart. A guess, about the length of one short transaction.
const retryPauseMs = 5;

function beginStatement(options: TransactionOptions): string {
  const isolation = options.isolation === 'read committed' ? 'READ COMMITTED' : 'REPEATABLE READ';
  return `BEGIN ISOLATION LEVEL ${isolation}${options.isReadOnly === true ? ' READ ONLY' : ''}`;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('not an Error was thrown', { cause: reason });
}

/**
 * Whether the answer to COMMIT proves that nothing was committed. Only PostgreSQL itself can say so, at severity ERROR or with an
 * integrity violation (23) or a transaction rollback (40, but not 40003, which is "completion unknown"): a FATAL may follow a commit
 * that already happened, and severities can arrive translated.
 */
function isProvenRollback(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) return false;
  if (error.code === '40003' || error.code.startsWith('08')) return false;
  return error.severity === 'ERROR' || error.code.startsWith('23') || error.code.startsWith('40');
}

async function rollBack(client: pg.PoolClient): Promise<void> {
  try {
    await client.query('ROLLBACK');
  } catch (error) {
    // The server rolls back by itself once the connection is gone, so the caller needs only its own error.
    client.release(asError(error));
    return;
  }
  client.release();
}

/**
 * Runs `work` in one transaction and commits it. If `work` throws, the transaction is rolled back and the error passes through.
 * A connection that failed is closed and never used again.
 *
 * Throws {@link CommitOutcomeUnknownError} if COMMIT was sent and its outcome is not known, and a {@link DatabaseError} with code
 * `transaction-rolled-back` if `work` swallowed the error of a statement, so that PostgreSQL answered COMMIT with ROLLBACK.
 *
 * A crash before COMMIT is answered leaves all of the transaction or nothing; once this returns, all of it is durable.
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  options: TransactionOptions,
  work: TransactionWork<T>,
): Promise<T> {
  const client = await pool.connect();
  let result: T;
  try {
    // Sent at once, one behind the other: a BEGIN fails only with its connection, and then so does all the rest.
    [, result] = await Promise.all([client.query(beginStatement(options)), work(client)]);
  } catch (error) {
    await rollBack(client);
    throw error;
  }
  await commit(client);
  return result;
}

async function commit(client: pg.PoolClient): Promise<void> {
  let command: string;
  try {
    ({ command } = await client.query('COMMIT'));
  } catch (error) {
    if (isProvenRollback(error)) {
      client.release();
      throw error;
    }
    client.release(asError(error));
    throw new CommitOutcomeUnknownError(error);
  }
  client.release();
  if (command !== 'COMMIT') {
    throw new DatabaseError(
      'transaction-rolled-back',
      'A statement of the transaction had failed, so it was rolled back.',
    );
  }
}

/** Whether the same transaction may well succeed if it is run again: serialization failure (40001) or deadlock (40P01). */
export function isRetryable(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === '40001' || error.code === '40P01');
}

/**
 * Like {@link inTransaction}, and runs `work` again, at most `attempts` times in all, after an error that {@link isRetryable}.
 * `work` must therefore have no effect outside of the transaction. Never repeats a commit whose outcome is unknown.
 */
export async function retryTransaction<T>(
  pool: pg.Pool,
  options: TransactionOptions & { attempts?: number },
  work: TransactionWork<T>,
): Promise<T> {
  const attempts = options.attempts ?? defaultAttempts;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await inTransaction(pool, options, work);
    } catch (error) {
      if (attempt >= attempts || !isRetryable(error)) throw error;
    }
    await delay(retryPauseMs * attempt);
  }
}
