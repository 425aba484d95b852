// What a plugin adds to the receiver's own answers: readings of another ledger, and acknowledgements that wait for other machines.

import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mustAccept, postReadings } from '../../services/receiver/src/testing/post-readings.ts';
import { type ReceiverProcess, spawnReceiver } from '../../services/receiver/src/testing/receiver-process.ts';
import { makeDevice } from '../../services/receiver/src/testing/test-device.ts';
import { makeTestLedger, type TestLedger } from '../faults/ledger-in-a-folder.ts';

const PLUGIN = fileURLToPath(new URL('plugin-elsewhere.ts', import.meta.url));

let here: TestLedger;
let there: TestLedger;
let running: ReceiverProcess[];
beforeEach(async () => {
  [here, there] = await Promise.all([makeTestLedger(), makeTestLedger()]);
  running = [];
});
afterEach(async () => {
  for (const receiver of running) await receiver.stop();
  await Promise.all([here.remove(), there.remove()]);
});

async function start(ledger: TestLedger, more: Record<string, string> = {}): Promise<ReceiverProcess> {
  const variables = { ...ledger.variables, BLOCK_MAX_WAIT_MS: '50', ...more };
  const receiver = await spawnReceiver({ cwd: ledger.folder, variables });
  running.push(receiver);
  return receiver;
}

const withPlugin = (more: Record<string, string> = {}) =>
  start(here, { PLUGINS: PLUGIN, ELSEWHERE_DATABASE_URL: there.database.url, ...more });

const device = makeDevice();

describe('GET /v1/readings/{transaction_id} with a plugin', () => {
  it('gives a reading that only another ledger holds, and says whose it is', async () => {
    const other = await start(there, { LEDGER_ORIGIN: 'there.example/log' });
    const [receipt] = await mustAccept(other.url, device.envelope('{"device":"far away","value":1.50}'));
    const receiver = await withPlugin();
    const answer = await fetch(`${receiver.url}/v1/readings/${receipt?.transaction_id}`);
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain('"data":{"device":"far away","value":1.50}');
    expect(JSON.parse(text)).toMatchObject({
      transaction_id: receipt?.transaction_id,
      leaf_index: receipt?.leaf_index,
      origin: 'there.example/log',
      state: 'pending',
    });
    expect((await fetch(`${receiver.url}/v1/readings/${'f'.repeat(64)}`)).status).toBe(404);
  });

  it('does not believe a plugin that gives another reading than was asked for', async () => {
    const other = await start(there);
    await mustAccept(other.url, device.envelope('{"device":"far away"}'));
    const receiver = await withPlugin({ ELSEWHERE: 'lie' });
    expect((await fetch(`${receiver.url}/v1/readings/${'f'.repeat(64)}`)).status).toBe(404);
    const metrics = await (await fetch(`${receiver.url}/metrics`)).text();
    expect(metrics).toContain('telltale_plugin_errors_total{plugin="elsewhere",call="onQuery"} 1\n');
  });
});

describe('POST /receive_data?ack=quorum', () => {
  const body = device.envelope('{"device":"quorum"}');

  it('is refused where no plugin keeps readings elsewhere, and nothing is stored', async () => {
    const receiver = await start(here);
    const refused = await postReadings(receiver.url, body, { query: '?ack=quorum' });
    expect(refused).toMatchObject({ statusCode: 400, status: 'error', message: expect.stringContaining('ack=quorum') });
    expect((await here.pool.query('SELECT 1 FROM leaves')).rowCount).toBe(0);
    expect((await postReadings(receiver.url, body, { query: '?ack=most' })).statusCode).toBe(400);
    expect((await postReadings(receiver.url, body, { query: '?ack=local' })).statusCode).toBe(200);
  });

  it('is answered once the plugin says so, also for readings that are known already, and with their blocks', async () => {
    const receiver = await withPlugin();
    const [first] = await mustAccept(receiver.url, body, '?ack=quorum');
    const [again] = await mustAccept(receiver.url, body, '?ack=quorum&wait=sealed');
    expect(again).toMatchObject({ transaction_id: first?.transaction_id, leaf_index: first?.leaf_index });
    expect(again?.block_index).toBeGreaterThan(0);
  });

  it('is answered 503 where they are not elsewhere, and sending them again gives the same place', async () => {
    const denied = await withPlugin({ ELSEWHERE: 'deny' });
    const answer = await postReadings(denied.url, body, { query: '?ack=quorum' });
    expect(answer).toMatchObject({ statusCode: 503, message: expect.stringContaining('durable here') });
    expect(answer.headers.get('retry-after')).toBe('1');
    const [receipt] = await mustAccept(denied.url, body);
    expect((await here.pool.query('SELECT 1 FROM leaves WHERE get_byte(leaf, 0) = 1')).rowCount).toBe(1);
    expect(receipt?.leaf_index).toBe(1);
  });
});

describe('GET /metrics', () => {
  it('asks for METRICS_TOKEN where it is set', async () => {
    const receiver = await start(here, { METRICS_TOKEN: 'only-for-prometheus' });
    const get = (authorization?: string) =>
      fetch(`${receiver.url}/metrics`, { headers: authorization === undefined ? {} : { authorization } });
    expect((await get()).status).toBe(401);
    expect((await get('Bearer only-for-somebody')).status).toBe(401);
    const answer = await get('Bearer only-for-prometheus');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await answer.text()).toContain('# HELP telltale_head_block_index');
  });
});
