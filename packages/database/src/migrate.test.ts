// The migrations against a real server, alone and at the same time.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { withDatabase } from './connection-target.ts';
import { migrate, migratePlugin, migrationNames } from './migrate.ts';
import { query, recordingLog } from './testing/embedded-fixture.ts';
import { createTestDatabase, type TestDatabase } from './testing/test-database.ts';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase(inject('testServer'));
});
afterEach(() => database.drop());

async function recorded(): Promise<unknown[]> {
  return (await query(database.target, 'SELECT name FROM schema_migrations ORDER BY id')).map((row) => row['name']);
}

describe('migrate', () => {
  it('lets several processes start on one empty database, and applies each migration once', async () => {
    await query(database.target, 'DROP SCHEMA public CASCADE');
    await query(database.target, 'CREATE SCHEMA public');
    const logs = [recordingLog(), recordingLog(), recordingLog(), recordingLog()];
    await Promise.all(logs.map((log) => migrate(database.target, log)));
    expect(await recorded()).toEqual((await migrationNames()).toSorted());
    expect(logs.flatMap((log) => log.messages)).toEqual(['schema migrated']);
  });

  it('does nothing, and says nothing, when the schema is current', async () => {
    const before = await recorded();
    const log = recordingLog();
    await migrate(database.target, log);
    expect(await recorded()).toEqual(before);
    expect(log.messages).toEqual([]);
  });

  it('refuses the database of a newer version', async () => {
    await query(database.target, `INSERT INTO schema_migrations (name, run_on) VALUES ('9999_future', now())`);
    await expect(migrate(database.target, recordingLog())).rejects.toMatchObject({
      code: 'schema-newer',
      message: expect.stringContaining('9999_future'),
    });
  });

  it('refuses a database in an encoding that cannot hold every name', async () => {
    await query(database.target, `CREATE DATABASE in_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`);
    const latin1 = withDatabase(database.target, 'in_latin1');
    try {
      await expect(migrate(latin1, recordingLog())).rejects.toMatchObject({ code: 'database-encoding' });
    } finally {
      await query(database.target, 'DROP DATABASE in_latin1');
    }
  });

  it('says where it could not connect, without the password', async () => {
    const url = 'postgresql://me:secret@127.0.0.1:1/none';
    const failure = await migrate({ kind: 'url', url }, recordingLog()).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'database-unreachable',
      message: expect.stringContaining('none at 127.0.0.1:1'),
    });
    expect(String(failure)).not.toContain('secret');
  });
});

/** A folder of migrations of these names and texts. */
async function migrationsOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'telltale-migrations-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, `${name}.sql`), sql);
  return folder;
}

describe('migratePlugin', () => {
  it('applies the migrations of two plugins beside those of the ledger, each recorded apart', async () => {
    const before = await recorded();
    const one = {
      name: 'one',
      folder: await migrationsOf({ '0001_a': 'CREATE TABLE one_a ()', '0002_b': 'SELECT 1' }),
    };
    const two = { name: 'two', folder: await migrationsOf({ '0001_a': 'CREATE TABLE two_a ()' }) };
    const logs = [recordingLog(), recordingLog(), recordingLog()];
    await Promise.all(logs.map((log, i) => migratePlugin(database.target, i < 2 ? one : two, log)));
    const names = async (table: string) =>
      (await query(database.target, `SELECT name FROM ${table} ORDER BY id`)).map((row) => row['name']);
    expect(await names('plugin_one_migrations')).toEqual(['0001_a', '0002_b']);
    expect(await names('plugin_two_migrations')).toEqual(['0001_a']);
    expect(await recorded()).toEqual(before);
    expect(logs.flatMap((log) => log.messages)).toEqual(['schema migrated', 'schema migrated']);
  });

  it('leaves nothing of a plugin’s migrations when one of them fails', async () => {
    const folder = await migrationsOf({ '0001_a': 'CREATE TABLE half_a ()', '0002_b': 'CREATE NONSENSE' });
    await expect(migratePlugin(database.target, { name: 'half', folder }, recordingLog())).rejects.toMatchObject({
      code: 'migration-failed',
    });
    const found = await query(database.target, `SELECT to_regclass('half_a') IS NULL AS is_gone`);
    expect(found).toEqual([{ is_gone: true }]);
  });

  it('names the plugin whose newer version made the tables', async () => {
    const old = await migrationsOf({ '0001_a': 'SELECT 1' });
    const newer = await migrationsOf({ '0001_a': 'SELECT 1', '0002_b': 'SELECT 1' });
    await migratePlugin(database.target, { name: 'aged', folder: newer }, recordingLog());
    await expect(migratePlugin(database.target, { name: 'aged', folder: old }, recordingLog())).rejects.toMatchObject({
      code: 'schema-newer',
      message: expect.stringMatching(/plugin aged \(migration 0002_b\)/),
    });
  });
});
