// The public keys behind key ids, for whoever hands a leaf to somebody who has no registry. What a key may do is registry-store.ts.

import { type KeyId, toHex } from '@telltale/ledger';
import type { Pool } from 'pg';

/** SubjectPublicKeyInfo DER by key id in hexadecimal; ids that no leaf enrols are left out. */
export async function findPublicKeys(client: Pool, keyIds: readonly KeyId[]): Promise<Map<string, Uint8Array>> {
  const { rows } = await client.query<{ key_id: Buffer; public_key: Buffer }>(
    'SELECT key_id, public_key FROM keys WHERE key_id = ANY ($1::bytea[])',
    [keyIds],
  );
  return new Map(rows.map((row) => [toHex(row.key_id), row.public_key]));
}
