// The parts of ingest below HTTP, on a real database: a founded ledger, its pool, and readings whose signatures were checked.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPool } from '@telltale/database';
import { createTestDatabase } from '@telltale/database/testing';
import type { Pool } from 'pg';
import { inject } from 'vitest';
import { KeyCache } from '../ingest/key-cache.ts';
import { packReadings, unpackReadings, type VerifiedReading } from '../ingest/verified-reading.ts';
import { verifyBody } from '../ingest/verify-body.ts';
import { type Ledger, openLedger } from '../ledger.ts';

export interface IngestParts {
  readonly pool: Pool;
  readonly ledger: Ledger;
  /** The readings of these envelopes. */
  read(...envelopes: readonly string[]): VerifiedReading[];
  stop(): Promise<void>;
}

export async function startIngestParts(): Promise<IngestParts> {
  const database = await createTestDatabase(inject('testServer'));
  const folder = await mkdtemp(join(tmpdir(), 'telltale-ingest-'));
  const pool = openPool({
    connection: database.target,
    applicationName: 'telltale-ingest-test',
    maxConnections: 4,
    onError: () => undefined,
    isPipelined: true,
  });
  const ledger = await openLedger(pool, {
    keyFile: join(folder, 'ledger-key.pem'),
    origin: undefined,
    difficultyBits: 4,
    nowUs: () => Date.now() * 1000,
  });
  const keys = new KeyCache();
  return {
    pool,
    ledger,
    read(...envelopes) {
      const checked = verifyBody(Buffer.from(`[${envelopes.join(',')}]`), { keys, maxEnvelopes: 1_000 });
      return unpackReadings(packReadings(checked));
    },
    async stop() {
      await pool.end();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
