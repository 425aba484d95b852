// The registry's tables: what a key may do now, and all of it for whoever compares it with the log. Written by leaf-store.ts alone.

import { toHex } from '@telltale/ledger';
import type { Pool, PoolClient } from 'pg';

export interface StoredKey {
  readonly publicKey: Uint8Array;
  readonly leafIndex: number;
  /** The leaf that revoked it. */
  readonly revokedAtLeaf: number | undefined;
  /** The leaf that first named each device. */
  readonly devices: Map<string, number>;
}

/** How a key stands towards a device. `enrolled`: in force, but not for this device. */
export type Standing = 'named' | 'enrolled' | 'revoked' | 'unknown';

/** The standing of each (key, device) pair, in order. */
export async function findStandings(
  client: PoolClient,
  pairs: readonly { keyId: Uint8Array; device: string }[],
): Promise<Standing[]> {
  const { rows } = await client.query<{ is_enrolled: boolean; is_revoked: boolean; is_named: boolean }>(
    `SELECT keys.key_id IS NOT NULL AS is_enrolled, revoked_at_leaf IS NOT NULL AS is_revoked,
            key_devices.key_id IS NOT NULL AS is_named
       FROM unnest($1::bytea[], $2::text[]) WITH ORDINALITY AS wanted (key_id, device, position)
       LEFT JOIN keys USING (key_id)
       LEFT JOIN key_devices USING (key_id, device)
      ORDER BY position`,
    [pairs.map((pair) => pair.keyId), pairs.map((pair) => pair.device)],
  );
  return rows.map((row) => {
    if (!row.is_enrolled) return 'unknown';
    if (row.is_revoked) return 'revoked';
    return row.is_named ? 'named' : 'enrolled';
  });
}

/** One key as the registry has it. */
export async function findKey(client: Pool | PoolClient, keyId: Uint8Array): Promise<StoredKey | undefined> {
  const { rows } = await client.query<RegistryRow>(`${REGISTRY_ROWS} WHERE key_id = $1`, [keyId]);
  return toKeys(rows).get(toHex(keyId));
}

/** Of these devices those that a key in force other than this one speaks for. */
export async function findTakenDevices(
  client: PoolClient,
  by: { keyId: Uint8Array; devices: readonly string[] },
): Promise<string[]> {
  const { rows } = await client.query<{ device: string }>(
    `SELECT DISTINCT device FROM key_devices JOIN keys USING (key_id)
      WHERE device = ANY ($2::text[]) AND key_id <> $1 AND revoked_at_leaf IS NULL
      ORDER BY device`,
    [by.keyId, by.devices],
  );
  return rows.map((row) => row.device);
}

/** All keys by key id in hexadecimal. A device of a key that is not there stands under its key id, without a public key. */
export async function loadRegistryTables(client: PoolClient): Promise<Map<string, StoredKey>> {
  const { rows } = await client.query<RegistryRow>(REGISTRY_ROWS);
  return toKeys(rows);
}

interface RegistryRow {
  key_id: Buffer;
  public_key: Buffer | null;
  leaf_index: bigint | null;
  revoked_at_leaf: bigint | null;
  device: string | null;
  device_leaf_index: bigint | null;
}

const REGISTRY_ROWS = `SELECT key_id, public_key, keys.leaf_index, revoked_at_leaf, device, key_devices.leaf_index AS device_leaf_index
   FROM keys FULL JOIN key_devices USING (key_id)`;

function toKeys(rows: readonly RegistryRow[]): Map<string, StoredKey> {
  const keys = new Map<string, StoredKey>();
  for (const row of rows) {
    const id = toHex(row.key_id);
    const key = keys.get(id) ?? {
      publicKey: row.public_key ?? new Uint8Array(0),
      leafIndex: Number(row.leaf_index),
      revokedAtLeaf: row.revoked_at_leaf === null ? undefined : Number(row.revoked_at_leaf),
      devices: new Map<string, number>(),
    };
    keys.set(id, key);
    if (row.device !== null) key.devices.set(row.device, Number(row.device_leaf_index));
  }
  return keys;
}
