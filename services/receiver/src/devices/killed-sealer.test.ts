// kill -9 of a receiver that seals: the account of devices is always that of the blocks that are there.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPool } from '@telltale/database';
import { createTestDatabase } from '@telltale/database/testing';
import type { Pool } from 'pg';
import { expect, inject, it, onTestFinished } from 'vitest';
import { mustAccept, validateChainOf } from '../testing/post-readings.ts';
import { type ReceiverProcess, spawnReceiver } from '../testing/receiver-process.ts';
import { makeDevice } from '../testing/test-device.ts';
import { until } from '../testing/until.ts';

const KILLS = 4;
const READINGS = 300;

it('counts every reading once when its sealer is killed again and again', async () => {
  const { pool, start } = await prepare();
  const devices = [makeDevice(), makeDevice()];
  let receiver = await start();
  for (let round = 0; round < KILLS; round++) {
    const envelopes = Array.from({ length: READINGS }, (_, i) => {
      const seq = round * READINGS + i;
      return devices[seq % 2]?.envelope(`{"device":"Pi ${seq % 2}","seq":${seq}}`);
    });
    const before = await sealedIn(pool);
    await mustAccept(receiver.url, `[${envelopes.join(',')}]`);
    // In the middle of what it has to seal.
    await until('some of them are sealed', async () => (await sealedIn(pool)) > before);
    await receiver.kill();
    await pool.query('UPDATE sealer_lease SET expires_at = clock_timestamp()');
    receiver = await start();
    expect(await validateChainOf(receiver.url)).toMatchObject({ valid: true });
  }
  await until('nothing is pending', async () => (await validateChainOf(receiver.url)).pending === 0);
  expect(await validateChainOf(receiver.url)).toMatchObject({ valid: true, readings: KILLS * READINGS });
  for (const [i, device] of ['Pi 0', 'Pi 1'].entries()) {
    const answer = await fetch(`${receiver.url}/v1/devices/${encodeURIComponent(device)}`);
    const half = (KILLS * READINGS) / 2;
    expect(await answer.json()).toMatchObject({
      readings: half,
      last_seq: KILLS * READINGS - 2 + i,
      // Each device has every second number.
      gap_count: half - 1,
      missing: half - 1,
      duplicates: 0,
    });
  }
});

async function prepare(): Promise<{ pool: Pool; start: () => Promise<ReceiverProcess> }> {
  const database = await createTestDatabase(inject('testServer'));
  onTestFinished(() => database.drop());
  const folder = await mkdtemp(join(tmpdir(), 'telltale-devices-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const pool = openPool({
    connection: database.target,
    applicationName: 'telltale-test',
    maxConnections: 1,
    onError: () => undefined,
  });
  onTestFinished(() => pool.end());
  const variables = {
    DATABASE_URL: database.url,
    DATA_DIR: folder,
    TRANSACTIONS_PER_BLOCK: '1',
    BLOCK_MAX_WAIT_MS: '20',
    DIFFICULTY: '2',
  };
  const start = async () => {
    const receiver = await spawnReceiver({ cwd: folder, variables });
    onTestFinished(async () => void (await receiver.stop()));
    return receiver;
  };
  return { pool, start };
}

async function sealedIn(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ size: bigint }>('SELECT coalesce(max(log_size), 0)::bigint AS size FROM blocks');
  return Number(rows[0]?.size);
}
