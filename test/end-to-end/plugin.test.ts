// A user's plugin in a real receiver process: it catches up, falls behind, is killed and fails, and the receiver goes on. And without it: nothing.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { mustAccept, postReadings, validateChainOf } from '../../services/receiver/src/testing/post-readings.ts';
import { type ReceiverProcess, runReceiverToExit } from '../../services/receiver/src/testing/receiver-process.ts';
import { makeDevice } from '../../services/receiver/src/testing/test-device.ts';
import { until } from '../../services/receiver/src/testing/until.ts';
import { receiversOfEachTest } from '../faults/receivers-of-each-test.ts';

const PLUGIN = fileURLToPath(new URL('plugin-device-counts.ts', import.meta.url));
/** Many small blocks. */
const VARIABLES = { TRANSACTIONS_PER_BLOCK: '2', BLOCK_MAX_WAIT_MS: '20', PLUGINS: PLUGIN };

const each = receiversOfEachTest(VARIABLES);
const { start } = each;

const device = makeDevice();
let seq = 0;

/** Sends so many readings in one request. */
async function send({ url }: ReceiverProcess, readings: number, query = ''): Promise<void> {
  const envelopes = Array.from({ length: readings }, () =>
    device.envelope(`{"device":"pump ${seq % 2}","seq":${seq++}}`),
  );
  await mustAccept(url, `[${envelopes.join(',')}]`, query);
}

type Counts = { accepted: number; devices: { device: string; readings: number }[] };
const countsOf = async ({ url }: ReceiverProcess) => (await (await fetch(`${url}/v1/device-counts`)).json()) as Counts;
const total = ({ devices }: Counts) => devices.reduce((sum, { readings }) => sum + readings, 0);

async function untilCounted(receiver: ReceiverProcess, readings: number): Promise<void> {
  await until(`${readings} readings are counted`, async () => total(await countsOf(receiver)) >= readings);
  expect(total(await countsOf(receiver))).toBe(readings);
}

/** The value of a metric with exactly these labels, as they stand in the text. */
async function metricOf({ url }: ReceiverProcess, name: string): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

/** The plugin's cursor. */
const nextBlock = async () =>
  Number((await each.ledger.pool.query('SELECT next_block FROM device_counts_cursor')).rows[0]?.next_block);

const tables = async () =>
  (
    await each.ledger.pool.query<{ tablename: string }>(`SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
  ).rows
    .map(({ tablename }) => tablename)
    .filter((name) => name.includes('device_counts'))
    .sort();

describe('a receiver without PLUGINS', () => {
  it('makes no table, has no route and no metric of a plugin', async () => {
    const receiver = await start({ PLUGINS: '' });
    await send(receiver, 4, '?wait=sealed');
    expect(await tables()).toEqual([]);
    expect((await fetch(`${receiver.url}/v1/device-counts`)).status).toBe(404);
    expect(await (await fetch(`${receiver.url}/metrics`)).text()).not.toContain('plugin');
    expect(receiver.log.filter(({ msg }) => msg.includes('plugin'))).toEqual([]);
  });
});

describe('peering', () => {
  /** What modules of it, and of what it brings along, a receiver with these variables loads. */
  async function modulesOf(variables: Record<string, string>): Promise<string[]> {
    const list = join(each.ledger.folder, 'modules');
    const hook = join(each.ledger.folder, 'list-modules.mjs');
    const text = `import { appendFileSync } from 'node:fs';
      import { registerHooks } from 'node:module';
      registerHooks({ load: (url, context, next) => (appendFileSync(${JSON.stringify(list)}, url + '\\n'), next(url, context)) });`;
    await writeFile(list, '');
    await writeFile(hook, text);
    const receiver = await start({ PLUGINS: '', NODE_OPTIONS: `--import ${pathToFileURL(hook).href}`, ...variables });
    await receiver.stop();
    const urls = (await readFile(list, 'utf8')).split('\n');
    expect(urls.some((url) => url.endsWith('/services/receiver/src/app.ts'))).toBe(true);
    return urls.filter((url) => /\/packages\/peering\/|\/node_modules\/(?:ws|@fastify\/websocket)\//.test(url));
  }

  it('is not loaded, nor what it needs, unless it is switched on', async () => {
    expect(await modulesOf({})).toEqual([]);
    const ring = { PEER_ADDR: '127.0.0.1:9', PEER_TOKEN: 'a-token-of-a-trial-ring' };
    expect(await modulesOf({ ...ring, PEERING: '0' })).toEqual([]);
    expect(await modulesOf(ring)).toContainEqual(expect.stringMatching(/peering\/src\/plugin\.ts$/));
  });
});

describe('a receiver with a plugin', () => {
  it('brings it every block from the first, also those sealed before it was there', async () => {
    const before = await start({ PLUGINS: '' });
    await send(before, 41, '?wait=sealed');
    await before.stop();
    const receiver = await start();
    await untilCounted(receiver, 41);
    await send(receiver, 5);
    await untilCounted(receiver, 46);
    expect((await countsOf(receiver)).accepted).toBe(5);
    expect(await tables()).toEqual([
      'device_counts_cursor',
      'device_counts_devices',
      'plugin_device_counts_migrations',
    ]);
    const { devices } = await countsOf(receiver);
    expect(devices.map(({ device: name }) => name)).toEqual(['pump 0', 'pump 1']);
    expect(receiver.log.map(({ msg }) => msg)).toContain('counting');
  });

  it('shows its own metrics beside the receiver’s, and how far behind it is', async () => {
    const receiver = await start();
    await send(receiver, 6, '?wait=sealed');
    await postReadings(receiver.url, '{"data":{},"signature":"","public_key":""}');
    await untilCounted(receiver, 6);
    expect(await metricOf(receiver, 'telltale_device_counts_readings_total')).toBe(6);
    expect(await metricOf(receiver, 'telltale_readings_accepted_total')).toBe(6);
    expect(await metricOf(receiver, 'telltale_readings_refused_total{code="envelopes-refused"}')).toBe(1);
    expect(await metricOf(receiver, 'telltale_pending_leaves')).toBe(0);
    const head = await metricOf(receiver, 'telltale_head_block_index');
    expect(head).toBeGreaterThan(0);
    expect(await metricOf(receiver, 'telltale_blocks_sealed_total')).toBe(head);
    expect(await metricOf(receiver, 'telltale_plugin_lag_blocks{plugin="device_counts"}')).toBe(0);
    expect(await metricOf(receiver, 'process_resident_memory_bytes')).toBeGreaterThan(0);
  });

  it('seals on while the plugin stands still, and the plugin catches up', async () => {
    const receiver = await start();
    await until('it has taken genesis', async () => (await nextBlock()) === 1);
    const client = await each.ledger.pool.connect();
    try {
      // Block 1 waits for this lock.
      await client.query('BEGIN');
      await client.query('LOCK TABLE device_counts_cursor');
      await send(receiver, 300, '?wait=sealed');
      const head = (await metricOf(receiver, 'telltale_head_block_index')) ?? 0;
      expect(head).toBeGreaterThan(100);
      expect(await metricOf(receiver, 'telltale_plugin_lag_blocks{plugin="device_counts"}')).toBe(head);
      await client.query('COMMIT');
    } finally {
      client.release();
    }
    await untilCounted(receiver, 300);
    await until('it is not behind', async () => {
      return (await metricOf(receiver, 'telltale_plugin_lag_blocks{plugin="device_counts"}')) === 0;
    });
  });

  it('goes on exactly where it was after kill -9, again and again', async () => {
    let sent = 0;
    for (let round = 0; round < 4; round++) {
      const receiver = await start({ COUNTS_FAULTS: 'slow-block' });
      await each.ledger.pool.query('UPDATE sealer_lease SET expires_at = clock_timestamp()');
      const before = total(await countsOf(receiver));
      await send(receiver, 30);
      sent += 30;
      await until('some are counted', async () => total(await countsOf(receiver)) > before);
      await receiver.kill();
    }
    const receiver = await start();
    await each.ledger.pool.query('UPDATE sealer_lease SET expires_at = clock_timestamp()');
    await untilCounted(receiver, sent);
    expect(await validateChainOf(receiver.url)).toMatchObject({ valid: true, pending: 0 });
  });

  it('goes on, and so does the plugin, when blocks, readings, queries and routes fail', async () => {
    const receiver = await start({ COUNTS_FAULTS: 'on-block,on-reading,route,query' });
    await send(receiver, 2, '?wait=sealed');
    await send(receiver, 2, '?wait=sealed');
    const failed = await fetch(`${receiver.url}/v1/device-counts`);
    expect(failed.status).toBe(500);
    expect(await failed.json()).toMatchObject({ code: 'internal', detail: 'internal error' });
    expect((await fetch(`${receiver.url}/v1/readings/${'0'.repeat(64)}`)).status).toBe(404);
    await until('a block came through', async () => (await nextBlock()) > 0);
    const faultsOf = (call: string) =>
      metricOf(receiver, `telltale_plugin_errors_total{plugin="device_counts",call="${call}"}`);
    expect(await faultsOf('onBlock')).toBeGreaterThanOrEqual(2);
    expect(await faultsOf('onReading')).toBe(2);
    expect(await faultsOf('route')).toBe(1);
    expect(await faultsOf('onQuery')).toBe(1);
    // One line for each that began to fail, not for each failure.
    expect(receiver.log.filter(({ msg }) => msg === 'plugin failed').length).toBeLessThanOrEqual(6);
    expect(await validateChainOf(receiver.url)).toMatchObject({ valid: true, pending: 0 });
  });

  it('stops in order and in time while onBlock never settles', async () => {
    const receiver = await start({ COUNTS_FAULTS: 'hang-block' });
    await send(receiver, 20, '?wait=sealed');
    expect(total(await countsOf(receiver))).toBe(0);
    expect(await receiver.stop()).toBe(0);
    expect(receiver.log.map(({ msg }) => msg)).not.toContain('a step of stopping is late and is left behind');
    const again = await start();
    await untilCounted(again, 20);
  });
});

describe('a plugin that cannot be used', () => {
  const refusalOf = async (variables: Record<string, string>) => {
    const all = { ...each.ledger.variables, ...VARIABLES, ...variables };
    const { code, errorText } = await runReceiverToExit({ cwd: each.ledger.folder, variables: all });
    expect(code).toBe(1);
    expect(errorText).toMatch(/^receiver: [^\n]*\n$/);
    return errorText;
  };

  it('stops the receiver with one line that names it', async () => {
    expect(await refusalOf({ PLUGINS: './nowhere.ts' })).toContain('plugin ./nowhere.ts cannot be loaded');
    expect(await refusalOf({ PLUGINS: '@example/nowhere' })).toContain('plugin @example/nowhere cannot be loaded');
    expect(await refusalOf({ PLUGINS: 'pino' })).toContain('plugin pino: it exports no object called plugin');
    expect(await refusalOf({ COUNTS_FAULTS: 'start' })).toContain('plugin device_counts could not start: told not to');
    expect(await refusalOf({ COUNTS_FAULTS: 'nonsense' })).toContain('plugin device_counts: COUNTS_FAULTS: must be');
  });
});
