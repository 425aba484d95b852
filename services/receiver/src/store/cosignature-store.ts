// What this ledger got from its witnesses: each one's newest cosignature, and the newest checkpoint that enough of them cosigned.
// Not here: what this receiver remembers as a witness of others (witness-store.ts).

import { asHash, decodeHeader } from '@telltale/ledger';
import type { Pool } from 'pg';
import type { Head } from './block-store.ts';

export interface StoredCosignature {
  /** The witness's verifier key. */
  readonly witness: string;
  readonly size: number;
  /** The ledger's signed note, without cosignatures. */
  readonly checkpoint: string;
  /** One signature line. */
  readonly cosignature: string;
}

export interface StoredCosignedCheckpoint {
  readonly size: number;
  /** The ledger's signed note, without cosignatures. */
  readonly checkpoint: string;
  /** Signature lines, one a witness. */
  readonly cosignatures: string;
}

export async function loadCosignatures(pool: Pool): Promise<StoredCosignature[]> {
  const { rows } = await pool.query<{ witness: string; size: bigint; checkpoint: string; cosignature: string }>(
    'SELECT witness, size, checkpoint, cosignature FROM witness_cosignatures',
  );
  return rows.map((row) => ({ ...row, size: Number(row.size) }));
}

/** A crash before this commits loses the cosignature: the witness is asked again and cosigns the same or a larger size. */
export async function saveCosignature(pool: Pool, { witness, size, checkpoint, cosignature }: StoredCosignature) {
  await pool.query(
    `INSERT INTO witness_cosignatures AS newest (witness, size, checkpoint, cosignature) VALUES ($1, $2, $3, $4)
     ON CONFLICT (witness) DO UPDATE
        SET size = excluded.size, checkpoint = excluded.checkpoint, cosignature = excluded.cosignature
      WHERE newest.size <= excluded.size`,
    [witness, size, checkpoint, cosignature],
  );
}

/** With the block that the checkpoint covers. Undefined: there is none, or its block is not stored. */
export async function loadCosignedCheckpoint(
  pool: Pool,
): Promise<{ head: Head; checkpoint: string; cosignatures: string } | undefined> {
  const { rows } = await pool.query<{ checkpoint: string; cosignatures: string; header: Buffer; hash: Buffer }>(
    `SELECT checkpoint, cosignatures, header, hash
       FROM cosigned_checkpoint JOIN blocks ON blocks.log_size = cosigned_checkpoint.size`,
  );
  const row = rows[0];
  if (!row) return undefined;
  const header = decodeHeader(row.header);
  if (!header.ok) throw new Error(`the header of a cosigned block cannot be read: ${header.message}`);
  const { checkpoint, cosignatures } = row;
  return { head: { header: header.value, hash: asHash(row.hash) }, checkpoint, cosignatures };
}

/**
 * A crash before this commits leaves the older checkpoint published; after it, start-up publishes this one. The size never goes back,
 * whichever receiver of the ledger writes last.
 */
export async function saveCosignedCheckpoint(pool: Pool, { size, checkpoint, cosignatures }: StoredCosignedCheckpoint) {
  await pool.query(
    `INSERT INTO cosigned_checkpoint AS newest (size, checkpoint, cosignatures) VALUES ($1, $2, $3)
     ON CONFLICT (is_only) DO UPDATE
        SET size = excluded.size, checkpoint = excluded.checkpoint, cosignatures = excluded.cosignatures
      WHERE newest.size <= excluded.size`,
    [size, checkpoint, cosignatures],
  );
}
