// Whether what is kept of many transactions is what their leaves give: compared in the database, because bringing the rows costs more than finding
// them. Which one is wrong it does not say; findTransactions (leaf-store.ts) tells what is stored.

import { HASH_BYTES } from '@telltale/ledger';
import type { PoolClient } from 'pg';
import type { StoredTransaction } from './leaf-store.ts';

/** PostgreSQL's bigint. */
const INT8_BYTES = 8;
/** Transaction id, leaf hash and received_at, one behind the other. */
const EXPECTED_BYTES = 2 * HASH_BYTES + INT8_BYTES;

/** Whether each of these leaves, which follow each other from index `start` on, stands as it is among the transactions. */
export async function holdsTransactions(
  client: PoolClient,
  { start, leaves }: { start: number; leaves: readonly Omit<StoredTransaction, 'leafIndex'>[] },
): Promise<boolean> {
  const expected = Buffer.allocUnsafe(leaves.length * EXPECTED_BYTES);
  for (const [i, { transactionId, leafHash, receivedAtUs }] of leaves.entries()) {
    expected.set(transactionId, i * EXPECTED_BYTES);
    expected.set(leafHash, i * EXPECTED_BYTES + HASH_BYTES);
    expected.writeBigInt64BE(BigInt(receivedAtUs), i * EXPECTED_BYTES + 2 * HASH_BYTES);
  }
  // LIMIT holds it to one search of the index a leaf, where a join may read all transactions instead; and no leaf counts twice.
  const { rows } = await client.query<{ count: bigint }>({
    name: 'holds-transactions',
    text: `SELECT count(*)
             FROM generate_series(0, $3::integer - 1) AS i
             CROSS JOIN LATERAL (
               SELECT leaf_index, leaf_hash, received_at FROM transactions
                WHERE transaction_id = substr($2::bytea, ${EXPECTED_BYTES} * i + 1, ${HASH_BYTES}) LIMIT 1) AS stored
            WHERE leaf_index = $1::bigint + i
              AND leaf_hash = substr($2, ${EXPECTED_BYTES} * i + ${HASH_BYTES + 1}, ${HASH_BYTES})
              AND int8send(received_at) = substr($2, ${EXPECTED_BYTES} * i + ${2 * HASH_BYTES + 1}, ${INT8_BYTES})`,
    values: [start, expected, leaves.length],
  });
  return Number(rows[0]?.count) === leaves.length;
}
