// A whole receiver inside the test's process: the real wiring of app.ts on a real PostgreSQL database and a free port.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { targetUrl } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import { type Logger, pino } from 'pino';
import { inject } from 'vitest';
import { type Receiver, startReceiver } from '../app.ts';
import { parseConfig, type ReceiverConfig } from '../config.ts';

export interface TestReceiver {
  /** Where it listens; another port after a restart. */
  readonly url: string;
  readonly database: TestDatabase;
  readonly config: ReceiverConfig;
  /** Stops it, and removes the database and the data folder if they were made for it alone. Stopping twice is fine. */
  stop(): Promise<void>;
  /** Stops it and starts it again on the same database and data folder, with these variables changed. */
  restart(variables?: Record<string, string>): Promise<void>;
}

/** Little work for the miner, no lines on the terminal. Everything else as an operator gets it. */
const TEST_VARIABLES = { HOST: '127.0.0.1', PORT: '0', DIFFICULTY: '1', LOG_LEVEL: 'silent' };

/**
 * Starts a receiver with the variables of .env.example. `beside` gives it the database, the data folder and so the ledger key of
 * another test receiver, which must outlive it. `databaseUrl` is for a way to the database that is not the direct one.
 */
export async function startTestReceiver(
  options: { variables?: Record<string, string>; beside?: TestReceiver; databaseUrl?: string; log?: Logger } = {},
): Promise<TestReceiver> {
  const { beside, log = pino({ level: 'silent' }) } = options;
  const database = beside?.database ?? (await createTestDatabase(inject('testServer')));
  const dataDir = beside?.config.dataDir ?? (await mkdtemp(join(tmpdir(), 'telltale-receiver-')));
  const cleanUp = async () => {
    if (beside !== undefined) return;
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  };

  let variables: Record<string, string> = {
    ...TEST_VARIABLES,
    DATA_DIR: dataDir,
    DATABASE_URL: options.databaseUrl ?? targetUrl(database.target),
    ...options.variables,
  };
  let config = parseConfig(variables);
  let running: Receiver | undefined;
  try {
    running = await startReceiver(config, log);
  } catch (error) {
    await cleanUp();
    throw error;
  }
  let url = running.url;
  let isCleanedUp = false;
  const stopRunning = async () => {
    const stopping = running;
    running = undefined;
    await stopping?.stop();
  };
  return {
    get url() {
      return url;
    },
    get config() {
      return config;
    },
    database,
    async stop() {
      await stopRunning();
      if (isCleanedUp) return;
      isCleanedUp = true;
      await cleanUp();
    },
    async restart(changed = {}) {
      await stopRunning();
      variables = { ...variables, ...changed };
      config = parseConfig(variables);
      running = await startReceiver(config, log);
      url = running.url;
    },
  };
}
