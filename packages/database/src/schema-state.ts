// Whether a database's schema is the one that this version was written for, asked of a running service. Bringing it there is migrate.ts.

import pg from 'pg';
import { migrationNames, ownTable } from './migrate.ts';

/**
 * current: exactly the migrations of this version. newer: those and more, as while a newer version takes over. behind: some are missing, as
 * after an old backup was restored under a running service; its statements may fail.
 */
export type SchemaState = 'current' | 'newer' | 'behind';

/** SQLSTATE of a table that is not there. */
const undefinedTable = '42P01';

/** Compares what the database records with the migrations of this version. Rejects as the pool's query does when the database is away. */
export async function schemaState(pool: pg.Pool): Promise<SchemaState> {
  const known = await migrationNames();
  const recorded = await recordedNames(pool);
  if (known.some((name) => !recorded.has(name))) return 'behind';
  return recorded.size > known.length ? 'newer' : 'current';
}

async function recordedNames(pool: pg.Pool): Promise<ReadonlySet<string>> {
  try {
    const { rows } = await pool.query<{ name: string }>(`SELECT name FROM ${ownTable}`);
    return new Set(rows.map(({ name }) => name));
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === undefinedTable) return new Set();
    throw error;
  }
}
