// What a test receiver's database really holds, and the ledger's word checked with the key that stands there.

import { openPool } from '@telltale/database';
import { createVerifier, decodeLeaf, type Leaf, parsePublicKey, verifyReceipt } from '@telltale/ledger';
import type { Pool } from 'pg';
import type { TestReceipt } from './post-readings.ts';
import type { TestReceiver } from './test-receiver.ts';

export interface LedgerRows {
  readonly pool: Pool;
  /** Rows of everything that accepting a reading writes. */
  counts(): Promise<{ leaves: number; transactions: number; keys: number; keyDevices: number; nextLeafIndex: number }>;
  /** All leaves, in order. */
  leaves(): Promise<{ leafIndex: number; leaf: Leaf }[]>;
  /** Whether the ledger of this database signed the receipt. */
  isSigned(receipt: TestReceipt): Promise<boolean>;
  close(): Promise<void>;
}

/** Connections of a test's own, past the receiver. Close them before the receiver's database is dropped. */
export function openLedgerRows(receiver: TestReceiver): LedgerRows {
  const pool = openPool({
    connection: receiver.database.target,
    applicationName: 'telltale-test',
    maxConnections: 2,
    onError: () => undefined,
  });
  return {
    pool,
    async counts() {
      const { rows } = await pool.query<Record<'leaves' | 'transactions' | 'keys' | 'key_devices' | 'next', bigint>>(
        `SELECT (SELECT count(*) FROM leaves) AS leaves, (SELECT count(*) FROM transactions) AS transactions,
                (SELECT count(*) FROM keys) AS keys, (SELECT count(*) FROM key_devices) AS key_devices,
                (SELECT next_leaf_index FROM log_counter) AS next`,
      );
      const [row] = rows;
      if (row === undefined) throw new Error('the counts cannot be read');
      return {
        leaves: Number(row.leaves),
        transactions: Number(row.transactions),
        keys: Number(row.keys),
        keyDevices: Number(row.key_devices),
        nextLeafIndex: Number(row.next),
      };
    },
    async leaves() {
      const { rows } = await pool.query<{ leaf_index: bigint; leaf: Buffer }>(
        'SELECT leaf_index, leaf FROM leaves ORDER BY leaf_index',
      );
      return rows.map((row) => {
        const leaf = decodeLeaf(row.leaf);
        if (!leaf.ok) throw new Error(`leaf ${row.leaf_index}: ${leaf.message}`);
        return { leafIndex: Number(row.leaf_index), leaf: leaf.value };
      });
    },
    async isSigned(receipt) {
      const { rows } = await pool.query<{ origin: string; public_key: Buffer }>(
        'SELECT origin, public_key FROM ledger',
      );
      const key = parsePublicKey(rows[0]?.public_key ?? new Uint8Array(0));
      if (!key.ok) throw new Error(key.message);
      const verifier = createVerifier(key.value);
      if (!verifier.ok) throw new Error(verifier.message);
      const checked = await verifyReceipt({ origin: rows[0]?.origin ?? '', verify: verifier.value, receipt });
      return checked.ok;
    },
    close: () => pool.end(),
  };
}
