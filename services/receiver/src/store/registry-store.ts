// The registry's tables as a whole, for whoever compares them with the log. What ingest looks up of them is in leaf-store.ts.

import { toHex } from '@telltale/ledger';
import type { PoolClient } from 'pg';

export interface StoredKey {
  readonly publicKey: Uint8Array;
  readonly leafIndex: number;
  /** The leaf that first named each device. */
  readonly devices: Map<string, number>;
}

/** All keys by key id in hexadecimal. A device of a key that is not there stands under its key id, without a public key. */
export async function loadRegistryTables(client: PoolClient): Promise<Map<string, StoredKey>> {
  const { rows } = await client.query<{
    key_id: Buffer;
    public_key: Buffer | null;
    leaf_index: bigint | null;
    device: string | null;
    device_leaf_index: bigint | null;
  }>(
    `SELECT key_id, public_key, keys.leaf_index, device, key_devices.leaf_index AS device_leaf_index
       FROM keys FULL JOIN key_devices USING (key_id)`,
  );
  const keys = new Map<string, StoredKey>();
  for (const row of rows) {
    const id = toHex(row.key_id);
    const publicKey = row.public_key ?? new Uint8Array(0);
    const key = keys.get(id) ?? { publicKey, leafIndex: Number(row.leaf_index), devices: new Map<string, number>() };
    keys.set(id, key);
    if (row.device !== null) key.devices.set(row.device, Number(row.device_leaf_index));
  }
  return keys;
}
