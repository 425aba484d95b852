// Fresh, migrated databases for tests, each a copy of a template that is made once per server. Names are unique, so that test
// workers share one server without meeting.

import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { type ConnectionTarget, targetUrl, withDatabase } from '../connection-target.ts';
import { migrate, migrationNames, migrationsFolder } from '../migrate.ts';
import { withConnection } from '../short-connection.ts';

/** A database of one test. `drop` ends every session that is still open on it. */
export type TestDatabase = { target: ConnectionTarget; url: string; drop(): Promise<void> };

// Any number that nothing else on a test server locks.
const templateLockId = 7_311_904;

/** Named after the migrations' contents, so that a server that is kept between runs never hands out an old schema. */
async function templateName(): Promise<string> {
  const hash = createHash('sha256');
  for (const name of (await migrationNames()).toSorted()) {
    hash.update(name).update(await readFile(join(migrationsFolder(), `${name}.sql`)));
  }
  return `telltale_template_${hash.digest('hex').slice(0, 16)}`;
}

async function hasDatabase(client: pg.Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
  return rowCount === 1;
}

async function ensureTemplate(client: pg.Client, adminTarget: ConnectionTarget): Promise<string> {
  const template = await templateName();
  if (await hasDatabase(client, template)) return template;
  await client.query('SELECT pg_advisory_lock($1)', [templateLockId]);
  try {
    if (await hasDatabase(client, template)) return template;
    // Renamed when it is whole: a run that was killed half-way leaves a name that the next one drops.
    const unfinished = `${template}_unfinished`;
    await client.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${unfinished}`);
    await migrate(withDatabase(adminTarget, unfinished), { info: () => undefined, warn: () => undefined });
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`);
    return template;
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [templateLockId]);
  }
}

/** Creates a migrated database on the server of `admin`, a target or a URL whose user may create databases. */
export async function createTestDatabase(admin: ConnectionTarget | string): Promise<TestDatabase> {
  const adminTarget: ConnectionTarget = typeof admin === 'string' ? { kind: 'url', url: admin } : admin;
  const name = `telltale_test_${randomBytes(8).toString('hex')}`;
  await withConnection(adminTarget, async (client) => {
    const template = await ensureTemplate(client, adminTarget);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  const target = withDatabase(adminTarget, name);
  return {
    target,
    url: targetUrl(target),
    drop: () =>
      withConnection(adminTarget, async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }),
  };
}
