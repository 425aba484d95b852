// What enrolment hands out before a key is in the log: nonces that must be signed, and one-time tokens. Each is taken once, in the transaction
// that writes the leaf: a crash before its COMMIT leaves both as they were, after it both are gone and the key is enrolled.

import type { Pool, PoolClient } from 'pg';

/** Nonces that wait to be signed. Bounds the table against whoever asks and never enrols. A guess: far above any roll-out. */
const MAX_NONCES = 10_000;

/** Keeps a nonce for `lifetimeMs`. False: too many wait already. Those that ran out are forgotten here. */
export async function insertNonce(pool: Pool, nonce: { nonce: Uint8Array; lifetimeMs: number }): Promise<boolean> {
  await pool.query('DELETE FROM enrolment_nonces WHERE expires_at < clock_timestamp()');
  const { rowCount } = await pool.query(
    `INSERT INTO enrolment_nonces (nonce, expires_at)
     SELECT $1, clock_timestamp() + $2 * interval '1 millisecond' WHERE (SELECT count(*) FROM enrolment_nonces) < $3`,
    [nonce.nonce, nonce.lifetimeMs, MAX_NONCES],
  );
  return rowCount === 1;
}

/** Takes a nonce. False: it was never given, was taken, or ran out. */
export async function takeNonce(client: PoolClient, nonce: Uint8Array): Promise<boolean> {
  const { rows } = await client.query<{ is_alive: boolean }>(
    'DELETE FROM enrolment_nonces WHERE nonce = $1 RETURNING expires_at >= clock_timestamp() AS is_alive',
    [nonce],
  );
  return rows[0]?.is_alive === true;
}

/** Keeps a one-time token by its hash. `devices` undefined: any device that no key in force speaks for. */
export async function insertInvite(
  pool: Pool,
  invite: { tokenHash: Uint8Array; devices: readonly string[] | undefined; lifetimeMs: number },
): Promise<void> {
  await pool.query('DELETE FROM invites WHERE expires_at < clock_timestamp()');
  await pool.query(
    `INSERT INTO invites (token_hash, devices, expires_at) VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')`,
    [invite.tokenHash, invite.devices ?? null, invite.lifetimeMs],
  );
}

/** Takes a one-time token. Undefined: there is no such token, or it ran out. */
export async function takeInvite(
  client: PoolClient,
  tokenHash: Uint8Array,
): Promise<{ devices: readonly string[] | undefined } | undefined> {
  const { rows } = await client.query<{ devices: string[] | null; is_alive: boolean }>(
    'DELETE FROM invites WHERE token_hash = $1 RETURNING devices, expires_at >= clock_timestamp() AS is_alive',
    [tokenHash],
  );
  const row = rows[0];
  return row?.is_alive ? { devices: row.devices ?? undefined } : undefined;
}
