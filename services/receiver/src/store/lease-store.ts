// The sealer's lease: one row, one holder, a token that grows with each new holder (a fencing token).

import type { Pool, PoolClient } from 'pg';

/** Takes the lease when it is free or has run out, or extends one's own. Gives the token, or undefined while another holds it. */
export async function acquireLease(
  pool: Pool,
  lease: { holder: string; durationMs: number },
): Promise<bigint | undefined> {
  // PostgreSQL's clock alone decides: the receivers' clocks may differ. A crash after this holds the others off for durationMs at most.
  const { rows } = await pool.query<{ token: bigint }>(
    `INSERT INTO sealer_lease AS lease (holder, token, expires_at)
     VALUES ($1, 1, clock_timestamp() + $2 * interval '1 millisecond')
     ON CONFLICT (is_only) DO UPDATE
        SET holder = excluded.holder,
            token = lease.token + CASE WHEN lease.holder = excluded.holder THEN 0 ELSE 1 END,
            expires_at = excluded.expires_at
      WHERE lease.holder = excluded.holder OR lease.expires_at < clock_timestamp()
     RETURNING token`,
    [lease.holder, lease.durationMs],
  );
  return rows[0]?.token;
}

/** Locks the lease for the rest of the transaction and says whether `token` is still the newest. */
export async function holdsLease(client: PoolClient, token: bigint): Promise<boolean> {
  const { rows } = await client.query({
    name: 'hold-lease',
    text: 'SELECT 1 FROM sealer_lease WHERE token = $1 FOR UPDATE',
    values: [token],
  });
  return rows.length === 1;
}

/** Lets the lease run out at once, so that another receiver need not wait. */
export async function releaseLease(pool: Pool, holder: string): Promise<void> {
  await pool.query('UPDATE sealer_lease SET expires_at = clock_timestamp() WHERE holder = $1', [holder]);
}
