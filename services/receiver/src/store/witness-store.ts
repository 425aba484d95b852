// What this receiver remembers as a witness: who it is, the newest checkpoint cosigned of each log, and what it refused.
// Not here: the cosignatures that this ledger got from others (cosignature-store.ts).

import { asHash, EMPTY_ROOT, type Hash } from '@telltale/ledger';
import type { Pool, PoolClient } from 'pg';

export interface WitnessIdentity {
  readonly name: string;
  /** SubjectPublicKeyInfo DER of the witness's Ed25519 key. */
  readonly publicKey: Uint8Array;
}

/** The newest checkpoint cosigned of a log. */
export interface WitnessedLog {
  readonly size: number;
  readonly root: Hash;
  /** The signed note; undefined: none was cosigned yet. */
  readonly checkpoint: string | undefined;
  /** Seconds since the Unix epoch. */
  readonly cosignedAtS: number;
}

export type EvidenceKind = 'fork' | 'rollback' | 'unproven';

/** Refused checkpoints kept of one log and kind, some hundred bytes each. A bound on what replayed checkpoints can fill; a guess. */
const MAX_EVIDENCE = 1_000;

/**
 * The identity of this database's witness, founded by whoever comes first. A crash before the commit leaves a key file without memory,
 * which has signed nothing; after it, key and memory belong together.
 */
export async function foundWitnessIdentity(
  pool: Pool,
  wanted: WitnessIdentity,
): Promise<WitnessIdentity & { isNew: boolean }> {
  const { rowCount } = await pool.query(
    'INSERT INTO witness_identity (name, public_key) VALUES ($1, $2) ON CONFLICT DO NOTHING',
    [wanted.name, wanted.publicKey],
  );
  const { rows } = await pool.query<{ name: string; public_key: Buffer }>(
    'SELECT name, public_key FROM witness_identity',
  );
  const row = rows[0];
  if (!row) throw new Error('the witness has no identity');
  return { name: row.name, publicKey: row.public_key, isNew: rowCount === 1 };
}

/** Locks the log's row until the transaction ends, and gives what was cosigned last: the empty tree for a log that was never seen. */
export async function lockWitnessedLog(client: PoolClient, origin: string): Promise<WitnessedLog> {
  await client.query(
    'INSERT INTO witnessed_logs (origin, size, root, cosigned_at) VALUES ($1, 0, $2, 0) ON CONFLICT DO NOTHING',
    [origin, EMPTY_ROOT],
  );
  // A statement of its own: it sees what the transaction committed that the INSERT above may have waited for.
  const { rows } = await client.query<{ size: bigint; root: Buffer; checkpoint: string | null; cosigned_at: bigint }>(
    'SELECT size, root, checkpoint, cosigned_at FROM witnessed_logs WHERE origin = $1 FOR UPDATE',
    [origin],
  );
  const row = rows[0];
  if (!row) throw new Error('a witnessed log has no row');
  return {
    size: Number(row.size),
    root: asHash(row.root),
    checkpoint: row.checkpoint ?? undefined,
    cosignedAtS: Number(row.cosigned_at),
  };
}

/** Makes a checkpoint the newest. The caller holds the row's lock and has checked the consistency. */
export async function advanceWitnessedLog(
  client: PoolClient,
  log: { origin: string; size: number; root: Hash; checkpoint: string; cosignedAtS: number },
): Promise<void> {
  await client.query(
    'UPDATE witnessed_logs SET size = $2, root = $3, checkpoint = $4, cosigned_at = $5 WHERE origin = $1',
    [log.origin, log.size, log.root, log.checkpoint, log.cosignedAtS],
  );
}

/** Keeps a refused checkpoint beside the one held, once for each text. The caller holds the row's lock. False: it is known, or too many are. */
export async function keepEvidence(
  client: PoolClient,
  evidence: {
    origin: string;
    kind: EvidenceKind;
    /** SHA-256 of the signed text. */
    offeredHash: Uint8Array;
    held: string;
    offered: string;
    seenAtUs: number;
  },
): Promise<boolean> {
  const { origin, kind, offeredHash, held, offered, seenAtUs } = evidence;
  const { rowCount } = await client.query(
    `INSERT INTO witness_evidence (origin, kind, offered_hash, held_checkpoint, offered_checkpoint, seen_at)
     SELECT $1, $2, $3, $4, $5, $6
      WHERE (SELECT count(*) FROM witness_evidence WHERE origin = $1 AND kind = $2) < $7
     ON CONFLICT DO NOTHING`,
    [origin, kind, offeredHash, held, offered, seenAtUs, MAX_EVIDENCE],
  );
  return rowCount === 1;
}

/** Takes back that a checkpoint was not shown to extend the log: now it was. */
export async function dropSuspicion(
  client: PoolClient,
  proven: { origin: string; offeredHash: Uint8Array },
): Promise<void> {
  await client.query(`DELETE FROM witness_evidence WHERE origin = $1 AND kind = 'unproven' AND offered_hash = $2`, [
    proven.origin,
    proven.offeredHash,
  ]);
}

export interface WitnessedLogReport {
  readonly origin: string;
  readonly size: number;
  readonly checkpoint: string | undefined;
  readonly forks: number;
  readonly rollbacks: number;
  readonly unproven: number;
}

/** What was cosigned last and what was refused of each of these logs that was seen at all. */
export async function reportWitnessedLogs(pool: Pool, origins: readonly string[]): Promise<WitnessedLogReport[]> {
  const { rows } = await pool.query<{
    origin: string;
    size: bigint;
    checkpoint: string | null;
    forks: bigint;
    rollbacks: bigint;
    unproven: bigint;
  }>(
    `SELECT log.origin, log.size, log.checkpoint,
            count(*) FILTER (WHERE kind = 'fork') AS forks,
            count(*) FILTER (WHERE kind = 'rollback') AS rollbacks,
            count(*) FILTER (WHERE kind = 'unproven') AS unproven
       FROM witnessed_logs AS log LEFT JOIN witness_evidence AS evidence USING (origin)
      WHERE log.origin = ANY ($1::text[])
      GROUP BY log.origin
      ORDER BY log.origin`,
    [origins],
  );
  return rows.map((row) => ({
    origin: row.origin,
    size: Number(row.size),
    checkpoint: row.checkpoint ?? undefined,
    forks: Number(row.forks),
    rollbacks: Number(row.rollbacks),
    unproven: Number(row.unproven),
  }));
}
