// The migrations against a real server, alone and at the same time.

import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { withDatabase } from './connection-target.ts';
import { migrate, migrationNames } from './migrate.ts';
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
