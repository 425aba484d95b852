// A ledger moves to another database: exported by one receiver, imported, and taken up by another, as real processes on a real PostgreSQL.

import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPool } from '@telltale/database';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type DeviceAnswer, listOf } from '../testing/device-requests.ts';
import { type ImportResult, runImport } from '../testing/import-process.ts';
import { asAdmin, post, STRICT } from '../testing/key-requests.ts';
import { mustAccept, postReadings, type TestReceipt, validateChainOf } from '../testing/post-readings.ts';
import { spawnReceiver } from '../testing/receiver-process.ts';
import { type SealedLog, startSealedLog } from '../testing/sealed-log.ts';
import { readTables, type TableContents } from '../testing/table-contents.ts';
import { makeDevice } from '../testing/test-device.ts';
import { until } from '../testing/until.ts';

/** More than a tile of leaves, and more than a batch of an import. */
const READINGS = 2500;

/** The same number twice, one far ahead, and a clock that is years off. */
const pump = makeDevice();
const stolen = makeDevice();
const ENVELOPES = [
  pump.envelope('{"device":"Büro 1","seq":3}'),
  pump.envelope('{"device":"Büro 1","seq":9,"timestamp":1000000000.25}'),
  pump.envelope('{"device":"Büro 1","seq":9,"again":true}'),
];
/** A key's first use before the first reading of each of the two, and a revocation. The sealed log has a reading of its own more. */
const LATER_LEAVES = ENVELOPES.length + 1 + 3;
const LATER_READINGS = ENVELOPES.length + 2;

describe('a ledger that was exported and imported', () => {
  let source: SealedLog;
  let receipts: TestReceipt[];
  let devices: DeviceAnswer[];
  let exported: string;
  let contents: TableContents;

  let database: TestDatabase;
  let pool: Pool;
  let folder: string;
  let variables: Record<string, string>;
  let result: ImportResult;

  beforeAll(async () => {
    source = await startSealedLog(READINGS);
    const { url } = source.receiver;
    receipts = [];
    for (const envelope of ENVELOPES) receipts.push(...(await mustAccept(url, envelope, '?wait=sealed')));
    await mustAccept(url, stolen.envelope('{"n":1}'));
    await post(`${url}/v1/keys/${stolen.keyIdHex}/revoke`, { reason: 'stolen' }, asAdmin);
    await until('the last block is published', async () => {
      const size = Number((await (await fetch(`${url}/checkpoint`)).text()).split('\n')[1]);
      return size === source.leaves.length + LATER_LEAVES;
    });
    devices = (await listOf(url, '')).devices;
    exported = await (await fetch(`${url}/v1/export`)).text();
    contents = await readTables(source.stored.pool);

    database = await createTestDatabase(inject('testServer'));
    const connection = database.target;
    pool = openPool({ connection, applicationName: 'telltale-test', maxConnections: 1, onError: () => undefined });
    folder = await mkdtemp(join(tmpdir(), 'telltale-import-'));
    await copyFile(source.receiver.config.ledgerKeyFile, join(folder, 'ledger-key.pem'));
    variables = { DATABASE_URL: database.url, DATA_DIR: folder, TRANSACTIONS_PER_BLOCK: '1' };
    result = await runImport({ cwd: folder, variables, lines: exported.trimEnd().split('\n') });
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
    await rm(folder, { recursive: true, force: true });
    await source.stop();
  });

  it('says what it imported, and on the way how far it was', () => {
    expect(result).toMatchObject({
      code: 0,
      errorText: '',
      report: {
        kind: 'imported',
        origin: source.stored.identity.origin,
        readings: READINGS + LATER_READINGS,
        fault: null,
      },
    });
    expect(new Set(result.before)).toEqual(new Set(['progress']));
  });

  it('stands in every table as it stood in the old database', async () => {
    const imported = await readTables(pool);
    const left = ['sealer_lease', 'devices', 'device_readings', 'enrolment_nonces', 'invites'];
    for (const table of Object.keys(contents)) {
      if (!left.includes(table)) expect({ table, rows: imported[table] }).toEqual({ table, rows: contents[table] });
    }
    expect(Object.keys(imported)).toEqual(Object.keys(contents));
    expect(contents['tiles']?.length).toBeGreaterThan(8);
    // Runs may be cut elsewhere; what they hold may not differ.
    const placed = `SELECT device, first_leaf + leaf_offset AS at FROM device_readings, unnest(offsets) AS leaf_offset
                     UNION ALL SELECT device, leaf FROM devices, unnest(newest_leaves) AS leaf ORDER BY 1, 2`;
    const states = `SELECT to_jsonb(devices) - 'newest_leaves' AS state FROM devices ORDER BY device`;
    for (const sql of [placed, states]) {
      expect((await pool.query(sql)).rows).toEqual((await source.stored.pool.query(sql)).rows);
    }
    expect(imported['sealer_lease']).toEqual([]);
  });

  it('is served as before: the same export, receipts, devices and registry, and sealing goes on from its head', async () => {
    const receiver = await spawnReceiver({ cwd: folder, variables: { ...variables, ...STRICT } });
    const { url } = receiver;
    expect(await (await fetch(`${url}/v1/export`)).text()).toBe(exported);
    expect(await validateChainOf(url)).toMatchObject({
      valid: true,
      pending: 0,
      readings: READINGS + LATER_READINGS,
    });
    expect((await listOf(url, '')).devices).toEqual(devices);
    expect(devices.find(({ device }) => device === 'Büro 1')).toMatchObject({
      gaps: [{ from: 4, to: 9 }],
      duplicates: 1,
      is_clock_off: true,
    });
    for (const [i, envelope] of ENVELOPES.entries()) {
      const [again] = await mustAccept(url, envelope);
      const { transaction_id, leaf_index, leaf_hash, received_at } = receipts[i] ?? {};
      expect(again).toMatchObject({ transaction_id, leaf_index, leaf_hash, received_at });
    }
    // Strict: the registry in force is that of the log.
    expect((await postReadings(url, makeDevice().envelope('{"n":1}'))).errors[0]).toMatchObject({
      code: 'key-unknown',
    });
    expect((await postReadings(url, stolen.envelope('{"n":2}'))).errors[0]).toMatchObject({ code: 'key-revoked' });
    const [next] = await mustAccept(url, pump.envelope('{"device":"Büro 1","seq":10}'), '?wait=sealed');
    const lastBlock = (contents['blocks']?.length ?? 0) - 1;
    expect(next).toMatchObject({ leaf_index: source.leaves.length + LATER_LEAVES, block_index: lastBlock + 1 });
    expect(await validateChainOf(url)).toMatchObject({ valid: true, pending: 0 });
    expect((await (await fetch(`${url}/v1/export`)).text()).startsWith(withoutEnd(exported))).toBe(true);
    expect(await receiver.stop()).toBe(0);
  });

  it('is not imported a second time', async () => {
    const before = await readTables(pool);
    const again = await runImport({ cwd: folder, variables, lines: exported.trimEnd().split('\n') });
    expect(again).toMatchObject({ code: 2, report: { kind: 'refused', code: 'ledger-not-empty' }, errorText: '' });
    expect(await readTables(pool)).toEqual(before);
  });
});

/** Without the line of the checkpoint. */
function withoutEnd(exported: string): string {
  return exported.slice(0, exported.trimEnd().lastIndexOf('\n') + 1);
}
