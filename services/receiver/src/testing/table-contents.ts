// What a database holds, table by table, so that two of them, or two moments of one, can be compared row for row.

import type { Pool } from 'pg';

/** By table: its rows as text, in order. The migrations' own table is left out. */
export type TableContents = Readonly<Record<string, readonly string[]>>;

export async function readTables(pool: Pool): Promise<TableContents> {
  const contents: Record<string, string[]> = {};
  for (const table of await tableNames(pool)) {
    // Names come from the catalogue, and are ours.
    const { rows } = await pool.query<{ row: string }>(`SELECT t::text AS row FROM ${table} AS t ORDER BY 1`);
    contents[table] = rows.map(({ row }) => row);
  }
  return contents;
}

/** Every table of the schema, partitions included. */
export async function tableNames(pool: Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.tables
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND table_name <> 'schema_migrations' ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}
