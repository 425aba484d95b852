// The embedded server as one and as several processes use it. Real servers, real processes, real kill -9.

import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { startEmbeddedServer } from './embedded-server.ts';
import { openPool } from './pool.ts';
import { dataFolders, query, recordingLog, serverPid, spawnEmbeddedChild, until } from './testing/embedded-fixture.ts';

const folders = dataFolders();
afterEach(() => folders.clear());

describe('the embedded server of one process', () => {
  it('creates its files, listens on a private socket only, and leaves no process behind', async () => {
    const dataDir = await folders.create();
    await mkdir(join(dataDir, 'postgres.new-killed'), { recursive: true });
    const server = await startEmbeddedServer({ dataDir, log: recordingLog() });
    const [row] = await query(
      server.target,
      `SELECT current_database() AS database, current_setting('fsync') AS fsync, current_setting('data_checksums') AS checksums,
              current_setting('synchronous_commit') AS "synchronousCommit", current_setting('listen_addresses') AS addresses,
              current_setting('server_encoding') AS encoding`,
    );
    expect(row).toMatchObject({
      database: 'telltale',
      fsync: 'on',
      checksums: 'on',
      synchronousCommit: 'on',
      addresses: '',
      encoding: 'UTF8',
    });
    const folder = server.target.kind === 'socket' ? server.target.folder : '';
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const pid = await serverPid(dataDir);
    expect(pid).toBeTypeOf('number');
    await server.stop();
    expect(await serverPid(dataDir)).toBeUndefined();
    expect(existsSync(folder)).toBe(false);
    expect((await readdir(dataDir)).toSorted()).toEqual(['postgres', 'postgres.lock', 'postgres.log']);
  });

  it('keeps its data over a restart', async () => {
    const dataDir = await folders.create();
    const first = await startEmbeddedServer({ dataDir, log: recordingLog() });
    await query(first.target, 'CREATE TABLE kept AS SELECT 7 AS value');
    await first.stop();
    const second = await startEmbeddedServer({ dataDir, log: recordingLog() });
    expect(await query(second.target, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    await second.stop();
  });

  it('is started again, at the same address, when the server itself is killed', async () => {
    const dataDir = await folders.create();
    const log = recordingLog();
    const server = await startEmbeddedServer({ dataDir, log });
    const pool = openPool({
      connection: server.target,
      applicationName: 'test',
      maxConnections: 2,
      onError: () => undefined,
    });
    await pool.query('CREATE TABLE kept AS SELECT 7 AS value');
    process.kill((await serverPid(dataDir)) ?? 0, 'SIGKILL');
    await until('the server is back', () => log.messages.includes('embedded PostgreSQL recovered'));
    expect((await pool.query('SELECT value FROM kept')).rows).toEqual([{ value: 7 }]);
    expect(log.messages).not.toContain('embedded PostgreSQL moved, restart this process');
    await pool.end();
    await server.stop();
    expect(await serverPid(dataDir)).toBeUndefined();
  });

  it('refuses the files of another major version', async () => {
    const dataDir = await folders.create();
    await mkdir(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(join(dataDir, 'postgres', 'PG_VERSION'), '17\n');
    await expect(startEmbeddedServer({ dataDir, log: recordingLog() })).rejects.toMatchObject({
      code: 'cluster-version',
    });
  });

  it('leaves a folder alone that holds something else', async () => {
    const dataDir = await folders.create();
    await mkdir(join(dataDir, 'postgres'), { recursive: true });
    await writeFile(join(dataDir, 'postgres', 'letter.txt'), 'Dear reader');
    const start = startEmbeddedServer({ dataDir, log: recordingLog() });
    await expect(start).rejects.toMatchObject({ code: 'data-folder-unusable' });
    expect(await readdir(join(dataDir, 'postgres'))).toEqual(['letter.txt']);
  });

  it('says what the server complained of when it does not start', async () => {
    const dataDir = await folders.create();
    const server = await startEmbeddedServer({ dataDir, log: recordingLog() });
    await server.stop();
    await writeFile(join(dataDir, 'postgres', 'postgresql.conf'), "no_such_setting = 'on'");
    const start = startEmbeddedServer({ dataDir, log: recordingLog() });
    await expect(start).rejects.toMatchObject({
      code: 'embedded-start-failed',
      message: expect.stringContaining('postgresql.conf'),
    });
  });

  it('refuses a data folder that is a file', async () => {
    const dataDir = await folders.create();
    await writeFile(dataDir, '');
    await expect(startEmbeddedServer({ dataDir, log: recordingLog() })).rejects.toMatchObject({
      code: 'data-folder-unusable',
    });
  });
});

describe('the embedded server of several processes', () => {
  it('is shared, and stopped by the last one', async () => {
    const dataDir = await folders.create();
    const server = await startEmbeddedServer({ dataDir, log: recordingLog() });
    const child = spawnEmbeddedChild(dataDir);
    expect(await child.target()).toEqual(server.target);
    const pid = await serverPid(dataDir);
    await server.stop();
    expect(await serverPid(dataDir)).toBe(pid);
    await child.stop();
    expect(await serverPid(dataDir)).toBeUndefined();
  });

  it('is one server when two processes start at once on an empty folder', async () => {
    const dataDir = await folders.create();
    const children = [spawnEmbeddedChild(dataDir), spawnEmbeddedChild(dataDir)];
    const [first, second] = await Promise.all(children.map((child) => child.target()));
    expect(first).toEqual(second);
    await Promise.all(children.map((child) => child.stop()));
    expect(await serverPid(dataDir)).toBeUndefined();
  });

  it('is adopted after its only user was killed', async () => {
    const dataDir = await folders.create();
    const child = spawnEmbeddedChild(dataDir);
    await query(await child.target(), 'CREATE TABLE kept AS SELECT 7 AS value');
    const pid = await serverPid(dataDir);
    await child.kill();
    const log = recordingLog();
    const server = await startEmbeddedServer({ dataDir, log });
    expect(log.messages).toEqual(['embedded PostgreSQL adopted']);
    expect(await serverPid(dataDir)).toBe(pid);
    expect(await query(server.target, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    await server.stop();
    expect(await serverPid(dataDir)).toBeUndefined();
  });

  it('does not count a killed user when the last living one stops', async () => {
    const dataDir = await folders.create();
    const server = await startEmbeddedServer({ dataDir, log: recordingLog() });
    const child = spawnEmbeddedChild(dataDir);
    await child.target();
    await child.kill();
    await server.stop();
    expect(await serverPid(dataDir)).toBeUndefined();
  });

  it('starts after a process was killed while it created the files', async () => {
    const dataDir = await folders.create();
    const child = spawnEmbeddedChild(dataDir);
    await until('initdb is at work', async () => {
      const entries = await readdir(dataDir).catch(() => []);
      const unfinished = entries.find((entry) => entry.startsWith('postgres.new-'));
      return unfinished !== undefined && existsSync(join(dataDir, unfinished, 'PG_VERSION'));
    });
    await child.kill();
    const server = await startEmbeddedServer({ dataDir, log: recordingLog() });
    expect(await query(server.target, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
    expect((await readdir(dataDir)).toSorted()).toEqual(['postgres', 'postgres.lock', 'postgres.log']);
  });

  it('starts after user and server were killed and the pid was given to another program', async () => {
    const dataDir = await folders.create();
    const child = spawnEmbeddedChild(dataDir);
    await query(await child.target(), 'CREATE TABLE kept AS SELECT 7 AS value');
    const oldPid = (await serverPid(dataDir)) ?? 0;
    await child.kill();
    process.kill(oldPid, 'SIGKILL');
    await until('the server is gone', async () => (await serverPid(dataDir)) === undefined);
    const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
    const { uid } = await stat(join(dataDir, 'postgres'));
    // Owned by the server's user: PostgreSQL takes the process of any other user for a stranger by itself.
    const strangerDir = await folders.create(uid);
    const stranger = spawnEmbeddedChild(strangerDir, uid);
    await stranger.target();
    const text = await readFile(pidFile, 'utf8');
    await writeFile(pidFile, text.replace(/^\d+/, String(stranger.process.pid)));
    const server = await startEmbeddedServer({ dataDir, log: recordingLog() });
    expect(await query(server.target, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
    await server.stop();
    await stranger.stop();
  });
});

const isRoot = process.getuid?.() === 0;
const nobodyUid = 65534;

describe('the user of the embedded server', () => {
  it.skipIf(!isRoot)('is nobody below root, with the data below a folder of mode 700 (needs root)', async () => {
    const dataDir = await folders.create();
    const server = await startEmbeddedServer({ dataDir, log: recordingLog() });
    expect((await stat(join(dataDir, '..'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(dataDir, 'postgres'))).uid).toBe(nobodyUid);
    const status = await readFile(`/proc/${await serverPid(dataDir)}/status`, 'utf8');
    expect(status).toMatch(new RegExp(`^Uid:\\s+${nobodyUid}\\s+${nobodyUid}\\s`, 'm'));
    await server.stop();
  });

  it.skipIf(!isRoot)(
    'is the user that runs the process, if that is an ordinary one (needs root to become it)',
    async () => {
      const dataDir = await folders.create(nobodyUid);
      const child = spawnEmbeddedChild(dataDir, nobodyUid);
      expect(await query(await child.target(), 'SELECT current_user AS "user"')).toEqual([{ user: 'telltale' }]);
      expect((await stat(join(dataDir, 'postgres'))).uid).toBe(nobodyUid);
      await child.stop();
      expect(await serverPid(dataDir)).toBeUndefined();
    },
  );
});
