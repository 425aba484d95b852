// Against a real server, so that the driver's own words are what is tested.

import { createServer, type Server } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openPool } from './pool.ts';
import { createTestDatabase } from './testing/index.ts';
import { isUnavailable } from './unavailable.ts';

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

function listen(server: Server): Promise<number> {
  return new Promise((done) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      done(address !== null && typeof address !== 'string' ? address.port : 0);
    });
  });
}

describe('isUnavailable', () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let pool: pg.Pool;
  beforeAll(async () => {
    database = await createTestDatabase(inject('testServer'));
    pool = openPool({
      connection: database.target,
      applicationName: 'test',
      maxConnections: 2,
      onError: () => undefined,
    });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  it('is true of a session that the server ended', async () => {
    expect(isUnavailable(await failureOf(pool.query('SELECT pg_terminate_backend(pg_backend_pid())')))).toBe(true);
  });

  it('is true of a port where nobody listens', async () => {
    const server = createServer();
    const port = await listen(server);
    await new Promise((done) => server.close(done));
    const client = new pg.Client({ connectionString: `postgresql://nobody@127.0.0.1:${port}/none` });
    expect(isUnavailable(await failureOf(client.connect()))).toBe(true);
  });

  it('is true of a server that hangs up during the greeting', async () => {
    const server = createServer((socket) => socket.destroy());
    const port = await listen(server);
    const client = new pg.Client({ connectionString: `postgresql://nobody@127.0.0.1:${port}/none` });
    expect(isUnavailable(await failureOf(client.connect()))).toBe(true);
    await new Promise((done) => server.close(done));
  });

  it('is false of a wrong statement, a refused value, and our own mistakes', async () => {
    expect(isUnavailable(await failureOf(pool.query('SELECT nothing')))).toBe(false);
    expect(isUnavailable(await failureOf(pool.query('SELECT 1 / 0')))).toBe(false);
    expect(isUnavailable(new TypeError('ours'))).toBe(false);
  });
});
