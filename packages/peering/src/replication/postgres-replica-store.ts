// The store in PostgreSQL: tables peering_* of migrations/0001_ring.sql. Each request is one statement or one transaction of its own.

import { retryTransaction } from '@telltale/database';
import type { Pool, PoolClient } from 'pg';
import { type NodeId, nodeIdOf } from '../node-id.ts';
import type { KeyRange } from './key-range.ts';
import { placeRecord } from './record-rule.ts';
import {
  CHILDREN,
  type ChildDigest,
  type ReplicaStore,
  type StoreRequest,
  type StoreResult,
  type StoreUsage,
  transactionPrefix,
  transactionPrefixes,
  type WriteOutcome,
  type WriteRequest,
} from './replica-store.ts';
import { readRecord } from './signed-record.ts';
import type { ItemName, ItemType } from './stored-item.ts';

/** `peering_usage.peer` of this receiver itself. */
const OWN = Buffer.alloc(0);
/** Names of the items of a key range; every range query begins with it. $1 and $2: first and last keys of the ranges, as arrays. */
const ITEMS_IN_RANGES = `
  WITH items AS (
    SELECT 'value' AS type, key, key AS id, size_bytes FROM peering_values, unnest($1::bytea[], $2::bytea[]) AS range (first, last)
     WHERE key BETWEEN first AND last
    UNION ALL
    SELECT 'record', key, id, size_bytes FROM peering_records, unnest($1::bytea[], $2::bytea[]) AS range (first, last)
     WHERE key BETWEEN first AND last
  )`;

interface NameRow {
  type: ItemType;
  key: Buffer;
  id: Buffer;
  size_bytes: bigint;
}

type Written = { outcome: WriteOutcome; isEquivocation: boolean };

export class PostgresReplicaStore implements ReplicaStore {
  private readonly pool: Pool;

  /** `pool`: of openPool, on a database that has the migrations of this package. The caller ends it. */
  constructor(pool: Pool) {
    this.pool = pool;
  }

  async perform(request: StoreRequest): Promise<StoreResult> {
    switch (request.kind) {
      case 'write':
        return { kind: 'written', ...(await this.write(request)) };
      case 'read':
        return { kind: 'read', bytes: await this.read(request.name) };
      case 'records':
        return { kind: 'records', records: (await recordsOf(this.pool, request.key)).map(({ record }) => record) };
      case 'list':
        return { kind: 'list', items: await this.list(request) };
      case 'children':
        return { kind: 'children', children: await this.children(request) };
      case 'missing':
        return { kind: 'missing', items: await this.missing(request.items) };
      case 'delete':
        return { kind: 'deleted', count: await this.delete(request.items) };
      default:
        return request satisfies never;
    }
  }

  async usage(): Promise<StoreUsage> {
    const { rows } = await this.pool.query<{ values: string; records: string; size_bytes: string }>(
      `SELECT coalesce(sum(value_count), 0) AS values, coalesce(sum(record_count), 0) AS records,
              coalesce(sum(size_bytes), 0) AS size_bytes FROM peering_usage`,
    );
    const row = rows[0];
    return { values: Number(row?.values), records: Number(row?.records), sizeBytes: Number(row?.size_bytes) };
  }

  async valuesOfTransaction(transactionId: Uint8Array, limit: number): Promise<NodeId[]> {
    const { rows } = await this.pool.query<{ value_key: Buffer }>(
      'SELECT value_key FROM peering_transactions WHERE prefix = $1 ORDER BY value_key LIMIT $2',
      [transactionPrefix(transactionId), limit],
    );
    return rows.map((row) => nodeIdOf(row.value_key));
  }

  /**
   * A crash before the commit leaves nothing of the item, and whoever handed it over has no receipt and tries again; after it, item,
   * transactions and usage are durable together, and a receipt that was not sent is made again when the item comes again.
   */
  private write(request: WriteRequest): Promise<Written> {
    return retryTransaction(this.pool, { isolation: 'read committed' }, async (client) => {
      // The statements after this one see what whoever held the lock committed: of one key, writes and deletions come one after the other.
      await client.query('SELECT pg_advisory_xact_lock($1)', [lockOf(request.item.key)]);
      return request.item.type === 'value' ? writeValue(client, request) : writeRecord(client, request);
    });
  }

  private async read({ type, key, id }: Pick<ItemName, 'type' | 'key' | 'id'>): Promise<Uint8Array | null> {
    const { rows } =
      type === 'value'
        ? await this.pool.query<{ bytes: Buffer }>('SELECT body AS bytes FROM peering_values WHERE key = $1', [
            bytesOf(key),
          ])
        : await this.pool.query<{ bytes: Buffer }>(
            'SELECT record AS bytes FROM peering_records WHERE key = $1 AND id = $2',
            [bytesOf(key), bytesOf(id)],
          );
    return rows[0]?.bytes ?? null;
  }

  private async list({ ranges, limit }: { ranges: readonly KeyRange[]; limit: number }): Promise<ItemName[]> {
    const { rows } = await this.pool.query<NameRow>(
      `${ITEMS_IN_RANGES} SELECT type, key, id, size_bytes FROM items ORDER BY key, id LIMIT $3`,
      [...boundsOf(ranges), limit],
    );
    return rows.map((row) => ({
      type: row.type,
      key: nodeIdOf(row.key),
      id: nodeIdOf(row.id),
      sizeBytes: Number(row.size_bytes),
    }));
  }

  /** The server reads every name of the ranges, one child in memory at a time: 64 bytes an item. */
  private async children(request: { ranges: readonly KeyRange[]; depth: number }): Promise<ChildDigest[]> {
    const { rows } = await this.pool.query<{ digit: string; count: bigint; digest: Buffer }>(
      `${ITEMS_IN_RANGES}
       SELECT substr(encode(key, 'hex'), $3 + 1, 1) AS digit, count(*) AS count,
              sha256(string_agg(key || id, ''::bytea ORDER BY key, id)) AS digest
         FROM items GROUP BY digit`,
      [...boundsOf(request.ranges), request.depth],
    );
    return Array.from({ length: CHILDREN }, (_, digit) => {
      const row = rows.find((child) => child.digit === digit.toString(16));
      return { count: Number(row?.count ?? 0), digest: row?.digest.toString('hex') ?? '' };
    });
  }

  private async missing(items: readonly ItemName[]): Promise<ItemName[]> {
    const { rows } = await this.pool.query<{ position: bigint }>(
      `SELECT position FROM unnest($1::text[], $2::bytea[], $3::bytea[]) WITH ORDINALITY AS wanted (type, key, id, position)
        WHERE NOT EXISTS (SELECT 1 FROM peering_values WHERE type = 'value' AND peering_values.key = wanted.key)
          AND NOT EXISTS (SELECT 1 FROM peering_records
                           WHERE type = 'record' AND peering_records.key = wanted.key AND peering_records.id = wanted.id)`,
      [items.map(({ type }) => type), items.map(({ key }) => bytesOf(key)), items.map(({ id }) => bytesOf(id))],
    );
    const positions = new Set(rows.map((row) => Number(row.position) - 1));
    return items.filter((_, position) => positions.has(position));
  }

  /**
   * Only of items that k others keep. A crash before the commit leaves all of them here, to be offered again; after it, none.
   * Locks are taken in the order of the keys, so two deletions cannot wait for each other.
   */
  private delete(items: readonly ItemName[]): Promise<number> {
    const ordered = items.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    return retryTransaction(this.pool, { isolation: 'read committed' }, async (client) => {
      let count = 0;
      for (const item of ordered) {
        await client.query('SELECT pg_advisory_xact_lock($1)', [lockOf(item.key)]);
        count += await remove(client, item);
      }
      return count;
    });
  }
}

async function writeValue(client: PoolClient, { item, by, limitBytes, storedAtUs }: WriteRequest): Promise<Written> {
  const { rowCount } = await client.query('SELECT 1 FROM peering_values WHERE key = $1', [bytesOf(item.key)]);
  if (rowCount === 1) return { outcome: 'present', isEquivocation: false };
  if (!(await charge(client, { item, by, limitBytes }))) return { outcome: 'quota', isEquivocation: false };
  await client.query(
    'INSERT INTO peering_values (key, body, size_bytes, stored_by, stored_at) VALUES ($1, $2, $3, $4, $5)',
    [bytesOf(item.key), item.bytes, item.sizeBytes, by && bytesOf(by), storedAtUs],
  );
  const prefixes = transactionPrefixes(item.bytes);
  if (prefixes.length > 0) {
    await client.query(
      'INSERT INTO peering_transactions (prefix, value_key) SELECT prefix, $2 FROM unnest($1::bigint[]) AS prefix',
      [prefixes, bytesOf(item.key)],
    );
  }
  return { outcome: 'new', isEquivocation: false };
}

async function writeRecord(client: PoolClient, request: WriteRequest): Promise<Written> {
  const { item, by, limitBytes, storedAtUs } = request;
  if (item.type !== 'record') throw new TypeError('only a record goes among records');
  const standing = (await recordsOf(client, item.key)).flatMap(({ record }) => {
    const read = readRecord(record);
    return read.ok ? [read.value] : [];
  });
  const { outcome, replaced, isEquivocation } = placeRecord(standing, item.record);
  if (outcome !== 'new') return { outcome, isEquivocation };
  if (!(await charge(client, { item, by, limitBytes }))) return { outcome: 'quota', isEquivocation: false };
  for (const { id } of replaced) await remove(client, { type: 'record', key: item.key, id });
  await client.query(
    'INSERT INTO peering_records (key, id, record, size_bytes, stored_by, stored_at) VALUES ($1, $2, $3, $4, $5, $6)',
    [bytesOf(item.key), bytesOf(item.id), item.bytes, item.sizeBytes, by && bytesOf(by), storedAtUs],
  );
  return { outcome, isEquivocation };
}

/** Counts an item for the peer that handed it over. False, and nothing changes: the peer's bytes would be more than its limit. */
async function charge(client: PoolClient, request: Pick<WriteRequest, 'item' | 'by' | 'limitBytes'>): Promise<boolean> {
  const { item, by, limitBytes } = request;
  const isValue = item.type === 'value';
  const peer = by === null ? OWN : bytesOf(by);
  await client.query(
    'INSERT INTO peering_usage (peer, value_count, record_count, size_bytes) VALUES ($1, 0, 0, 0) ON CONFLICT DO NOTHING',
    [peer],
  );
  const { rowCount } = await client.query(
    `UPDATE peering_usage SET value_count = value_count + $2, record_count = record_count + $3, size_bytes = size_bytes + $4
      WHERE peer = $1 AND ($5 OR size_bytes + $4 <= $6)`,
    [peer, isValue ? 1 : 0, isValue ? 0 : 1, item.sizeBytes, by === null, limitBytes],
  );
  return rowCount === 1;
}

/** Removes one item and what was counted for it; 1 when it was there. The caller holds the key's lock. */
async function remove(client: PoolClient, { type, key, id }: Pick<ItemName, 'type' | 'key' | 'id'>): Promise<number> {
  const { rows } =
    type === 'value'
      ? await client.query<{ size_bytes: bigint; stored_by: Buffer | null }>(
          'DELETE FROM peering_values WHERE key = $1 RETURNING size_bytes, stored_by',
          [bytesOf(key)],
        )
      : await client.query<{ size_bytes: bigint; stored_by: Buffer | null }>(
          'DELETE FROM peering_records WHERE key = $1 AND id = $2 RETURNING size_bytes, stored_by',
          [bytesOf(key), bytesOf(id)],
        );
  const row = rows[0];
  if (!row) return 0;
  await client.query(
    `UPDATE peering_usage SET value_count = value_count - $2, record_count = record_count - $3, size_bytes = size_bytes - $4
      WHERE peer = $1`,
    [row.stored_by ?? OWN, type === 'value' ? 1 : 0, type === 'value' ? 0 : 1, row.size_bytes],
  );
  return 1;
}

async function recordsOf(client: Pool | PoolClient, key: NodeId): Promise<{ record: Buffer }[]> {
  const { rows } = await client.query<{ record: Buffer }>(
    'SELECT record FROM peering_records WHERE key = $1 ORDER BY id',
    [bytesOf(key)],
  );
  return rows;
}

function boundsOf(ranges: readonly KeyRange[]): [Buffer[], Buffer[]] {
  return [ranges.map(({ first }) => bytesOf(first)), ranges.map(({ last }) => bytesOf(last))];
}

function bytesOf(id: NodeId): Buffer {
  return Buffer.from(id, 'hex');
}

/** The number of a key's advisory lock: its first 8 bytes. Two keys that share it wait for each other, and nothing else. */
function lockOf(key: NodeId): bigint {
  return bytesOf(key).readBigInt64BE(0);
}
