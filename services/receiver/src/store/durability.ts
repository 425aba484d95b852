// Whether PostgreSQL keeps what it acknowledges. A receiver answers "accepted" on its word, so an operator must hear when that word is weak.

import type { Pool } from 'pg';

/** The settings of this database under which a committed reading can still be lost, as `name=value`. */
export async function weakSettings(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ setting: string }>(
    `SELECT name || '=' || setting AS setting
       FROM pg_settings
      WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
      ORDER BY name`,
  );
  return rows.map((row) => row.setting);
}
