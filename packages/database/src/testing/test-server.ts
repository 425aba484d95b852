// The PostgreSQL server of a test run: TEST_DATABASE_URL if it is set, else an embedded one in a temporary folder.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionTarget } from '../connection-target.ts';
import { startEmbeddedServer } from '../embedded-server.ts';

/** A server on which tests may create databases. `stop` also removes its files, if they are its own. */
export type TestServer = { adminTarget: ConnectionTarget; stop(): Promise<void> };

/** Starts or finds the server of this test run. */
export async function startTestServer(): Promise<TestServer> {
  const url = process.env['TEST_DATABASE_URL'];
  if (url !== undefined && url !== '') {
    return { adminTarget: { kind: 'url', url }, stop: () => Promise.resolve() };
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'telltale-test-'));
  const log = { info: () => undefined, warn: (fields: object, message: string) => console.warn(message, fields) };
  const server = await startEmbeddedServer({ dataDir, log });
  return {
    adminTarget: server.target,
    async stop() {
      await server.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
