// The log's leaves in PostgreSQL: appended under the counter's lock, never updated. Also the transaction ids and the partitions.

import { asHash, HASH_BYTES, type Hash } from '@telltale/ledger';
import type { Pool, PoolClient } from 'pg';
import type { LogCounter } from './identity-store.ts';

export interface StoredLeaf {
  readonly leafIndex: number;
  readonly leaf: Uint8Array;
}

/** What is kept of every transaction, whether or not its leaf was archived. */
export interface StoredTransaction {
  readonly transactionId: Hash;
  readonly leafIndex: number;
  readonly leafHash: Hash;
  readonly receivedAtUs: number;
}

export interface NewLeaf extends StoredLeaf, StoredTransaction {}

/** What a new kind 2 leaf says of a key. */
export interface NewEnrolment {
  readonly keyId: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly devices: readonly string[];
  readonly leafIndex: number;
}

/** What a new kind 3 leaf says of a key. */
export interface NewRevocation {
  readonly keyId: Uint8Array;
  readonly leafIndex: number;
}

/** Leaves in a partition: 2^24, about 5 GB of ordinary readings, and a multiple of every tile that is ever archived with it. A guess. */
const PARTITION_LEAVES = 2 ** 24;
/** Bytes of leaves that one read brings into memory, unless a single leaf is larger. Bounds a slow client's share. */
const PAGE_BYTES = 1024 * 1024;
/** Leaves that one read brings at most: about PAGE_BYTES of the smallest readings. */
const PAGE_LEAVES = 4096;

/** Of these transaction ids those that are in the log. */
export async function findTransactions(
  client: PoolClient,
  transactionIds: readonly Uint8Array[],
): Promise<StoredTransaction[]> {
  const { rows } = await client.query<{
    transaction_id: Buffer;
    leaf_index: bigint;
    leaf_hash: Buffer;
    received_at: bigint;
  }>({
    name: 'find-transactions',
    text: `SELECT transaction_id, leaf_index, leaf_hash, received_at FROM transactions
            WHERE transaction_id = ANY (ARRAY (SELECT substr($1::bytea, ${HASH_BYTES} * i + 1, ${HASH_BYTES})
                                                 FROM generate_series(0, $2::integer - 1) AS i))`,
    values: [Buffer.concat(transactionIds), transactionIds.length],
  });
  return rows.map((row) => ({
    transactionId: asHash(row.transaction_id),
    leafIndex: Number(row.leaf_index),
    leafHash: asHash(row.leaf_hash),
    receivedAtUs: Number(row.received_at),
  }));
}

export async function countTransactions(client: PoolClient): Promise<number> {
  const { rows } = await client.query<{ count: bigint }>('SELECT count(*) FROM transactions');
  return Number(rows[0]?.count);
}

/**
 * Appends leaves that follow each other, with what registry leaves among them change, and advances the counter. The caller holds the
 * counter's lock and has given the indexes. A crash before the caller's COMMIT leaves nothing of it; after it, everything: leaves, ids,
 * registry and counter cannot come apart.
 */
export async function appendLeaves(
  client: PoolClient,
  append: {
    leaves: readonly NewLeaf[];
    enrolments: readonly NewEnrolment[];
    revocations: readonly NewRevocation[];
    counter: LogCounter;
  },
): Promise<void> {
  const { leaves, enrolments, revocations, counter } = append;
  if (enrolments.length > 0) await insertEnrolments(client, enrolments);
  if (revocations.length > 0) await updateRevocations(client, revocations);
  await Promise.all([insertLeaves(client, leaves), insertTransactions(client, { leaves, counter })]);
}

/** The bytes go as one value and are cut apart there: a list of byte strings would travel as hexadecimal text. */
async function insertLeaves(client: PoolClient, leaves: readonly NewLeaf[]): Promise<void> {
  await client.query({
    name: 'insert-leaves',
    text: `INSERT INTO leaves (leaf_index, leaf)
           SELECT $1::bigint + i - 1, substr($2::bytea, ends[i] + 1, ends[i + 1] - ends[i])
             FROM (SELECT $3::integer[] AS ends) AS cut CROSS JOIN generate_series(1, $4::integer) AS i`,
    values: [leaves[0]?.leafIndex, ...joinedLeaves(leaves), leaves.length],
  });
}

/** The ids, and the counter in the same statement. */
async function insertTransactions(
  client: PoolClient,
  { leaves, counter }: { leaves: readonly NewLeaf[]; counter: LogCounter },
): Promise<void> {
  await client.query({
    name: 'insert-transactions',
    text: `WITH advanced AS (UPDATE log_counter SET next_leaf_index = $5, last_received_at = $6, registry_version = $7)
           INSERT INTO transactions (transaction_id, leaf_index, leaf_hash, received_at)
           SELECT substr($2::bytea, ${2 * HASH_BYTES} * i + 1, ${HASH_BYTES}), $1::bigint + i,
                  substr($2, ${2 * HASH_BYTES} * i + ${HASH_BYTES + 1}, ${HASH_BYTES}),
                  ($3::bigint[])[least(i + 1, cardinality($3::bigint[]))]
             FROM generate_series(0, $4::integer - 1) AS i`,
    values: [
      leaves[0]?.leafIndex,
      joinedHashes(leaves),
      receivedTimes(leaves),
      leaves.length,
      counter.nextLeafIndex,
      counter.lastReceivedAtUs,
      counter.registryVersion,
    ],
  });
}

/**
 * Appends readings if the counter stands as expected, all in one statement, which is a transaction of its own: no lock is waited for in a
 * second round trip, and no id looked up. False: the counter stands elsewhere, and nothing was written. Throws PostgreSQL's unique_violation
 * (23505) when one of the ids is in the log already; then nothing was written either. A crash before its commit leaves nothing; after it, everything.
 */
export async function appendReadingsAt(
  pool: Pool,
  append: { leaves: readonly NewLeaf[]; expected: LogCounter; receivedAtUs: number },
): Promise<boolean> {
  const { leaves, expected, receivedAtUs } = append;
  const { rowCount } = await pool.query({
    name: 'append-readings',
    text: `WITH advanced AS (
             UPDATE log_counter SET next_leaf_index = $1::bigint + $2::integer, last_received_at = $3
              WHERE next_leaf_index = $1 AND last_received_at = $4 AND registry_version = $5
             RETURNING next_leaf_index
           ), ids AS (
             INSERT INTO transactions (transaction_id, leaf_index, leaf_hash, received_at)
             SELECT substr($6::bytea, ${2 * HASH_BYTES} * i - ${2 * HASH_BYTES - 1}, ${HASH_BYTES}), $1 + i - 1,
                    substr($6, ${2 * HASH_BYTES} * i - ${HASH_BYTES - 1}, ${HASH_BYTES}), $3
               FROM advanced CROSS JOIN generate_series(1, $2) AS i
           )
           INSERT INTO leaves (leaf_index, leaf)
           SELECT $1 + i - 1, substr($7::bytea, ends[i] + 1, ends[i + 1] - ends[i])
             FROM advanced CROSS JOIN (SELECT $8::integer[] AS ends) AS cut CROSS JOIN generate_series(1, $2) AS i`,
    values: [
      expected.nextLeafIndex,
      leaves.length,
      receivedAtUs,
      expected.lastReceivedAtUs,
      expected.registryVersion,
      joinedHashes(leaves),
      ...joinedLeaves(leaves),
    ],
  });
  return rowCount === leaves.length;
}

/** The leaves one behind the other, and where each ends, from 0: an array in PostgreSQL's own spelling, as node-postgres quotes each number of one. */
function joinedLeaves(leaves: readonly NewLeaf[]): [Buffer, string] {
  let end = 0;
  let ends = '{0';
  for (const { leaf } of leaves) {
    end += leaf.length;
    ends += `,${end}`;
  }
  return [
    Buffer.concat(
      leaves.map(({ leaf }) => leaf),
      end,
    ),
    `${ends}}`,
  ];
}

/** Transaction id and leaf hash of each, one behind the other. */
function joinedHashes(leaves: readonly NewLeaf[]): Buffer {
  return Buffer.concat(leaves.flatMap(({ transactionId, leafHash }) => [transactionId, leafHash]));
}

/** One time stands for all: a group commit has one, an import as many as the log. */
function receivedTimes(leaves: readonly NewLeaf[]): number[] {
  const times = leaves.map(({ receivedAtUs }) => receivedAtUs);
  return times.every((time) => time === times[0]) ? times.slice(0, 1) : times;
}

/** A key keeps the leaf that first named it, and each of its devices likewise. */
async function insertEnrolments(client: PoolClient, enrolments: readonly NewEnrolment[]): Promise<void> {
  await client.query(
    `INSERT INTO keys (key_id, public_key, leaf_index)
     SELECT key_id, public_key, min(leaf_index)
       FROM unnest($1::bytea[], $2::bytea[], $3::bigint[]) AS new (key_id, public_key, leaf_index)
      GROUP BY key_id, public_key
     ON CONFLICT (key_id) DO NOTHING`,
    [
      enrolments.map((enrolment) => enrolment.keyId),
      enrolments.map((enrolment) => enrolment.publicKey),
      enrolments.map((enrolment) => enrolment.leafIndex),
    ],
  );
  const pairs = enrolments.flatMap(({ keyId, devices, leafIndex }) =>
    devices.map((device) => ({ keyId, device, leafIndex })),
  );
  await client.query(
    `INSERT INTO key_devices (key_id, device, leaf_index)
     SELECT * FROM unnest($1::bytea[], $2::text[], $3::bigint[])
     ON CONFLICT (key_id, device) DO NOTHING`,
    [pairs.map((pair) => pair.keyId), pairs.map((pair) => pair.device), pairs.map((pair) => pair.leafIndex)],
  );
}

async function updateRevocations(client: PoolClient, revocations: readonly NewRevocation[]): Promise<void> {
  await client.query(
    `UPDATE keys SET revoked_at_leaf = new.leaf_index
       FROM unnest($1::bytea[], $2::bigint[]) AS new (key_id, leaf_index)
      WHERE keys.key_id = new.key_id`,
    [revocations.map((revocation) => revocation.keyId), revocations.map((revocation) => revocation.leafIndex)],
  );
}

/** The next leaves of [start, end), in order: as many as fit a page of memory and `pageLeaves`, at least one if there is any. */
export async function readLeafPage(
  client: Pool | PoolClient,
  range: { start: number; end: number; pageLeaves?: number },
): Promise<StoredLeaf[]> {
  const { rows } = await client.query<{ leaf_index: bigint; leaf: Buffer }>(
    `SELECT leaf_index, leaf
       FROM (SELECT leaf_index, leaf, sum(octet_length(leaf)) OVER (ORDER BY leaf_index) - octet_length(leaf) AS bytes_before
               FROM (SELECT leaf_index, leaf FROM leaves
                      WHERE leaf_index >= $1 AND leaf_index < $2 ORDER BY leaf_index LIMIT $3) AS candidates) AS page
      WHERE bytes_before < $4
      ORDER BY leaf_index`,
    [range.start, range.end, range.pageLeaves ?? PAGE_LEAVES, PAGE_BYTES],
  );
  return rows.map((row) => ({ leafIndex: Number(row.leaf_index), leaf: row.leaf }));
}

/** All leaves of [start, end), in order, a page at a time; between pages no connection is held when `client` is a pool. */
export async function* readLeaves(
  client: Pool | PoolClient,
  range: { start: number; end: number },
): AsyncGenerator<StoredLeaf> {
  let start = range.start;
  while (start < range.end) {
    const page = await readLeafPage(client, { start, end: range.end });
    const last = page.at(-1);
    if (!last) return;
    yield* page;
    start = last.leafIndex + 1;
  }
}

/**
 * Makes sure that the partitions for the leaves up to one whole partition past `nextLeafIndex` exist. Safe to call from many receivers
 * at once: ATTACH takes a lock that lets reads and inserts go on (PostgreSQL manual, ALTER TABLE). Runs in the caller's transaction;
 * a crash before its COMMIT leaves no partition, and the next start makes it.
 */
export async function ensurePartitions(client: PoolClient, nextLeafIndex: number): Promise<void> {
  await client.query(`SELECT pg_advisory_xact_lock(hashtext('telltale leaves partitions'))`);
  const first = Math.floor(nextLeafIndex / PARTITION_LEAVES);
  for (const number of [first, first + 1]) {
    const name = `leaves_${number}`;
    const { rows } = await client.query<{ is_there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS is_there', [
      name,
    ]);
    if (rows[0]?.is_there) continue;
    // Names and bounds are numbers of our own; DDL takes no parameters.
    await client.query(`CREATE TABLE ${name} (LIKE leaves INCLUDING ALL)`);
    const bounds = `FROM (${number * PARTITION_LEAVES}) TO (${(number + 1) * PARTITION_LEAVES})`;
    await client.query(`ALTER TABLE leaves ATTACH PARTITION ${name} FOR VALUES ${bounds}`);
  }
}

/** Whether appending reached the partition made ahead, so that `ensurePartitions` should be called. */
export function needsPartition(sizes: { before: number; after: number }): boolean {
  return Math.floor(sizes.before / PARTITION_LEAVES) !== Math.floor(sizes.after / PARTITION_LEAVES);
}
