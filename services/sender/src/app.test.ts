// The API of a whole sender in this process, over HTTP, against a receiver stand-in.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { type App, startApp } from './app.ts';
import { parseConfig } from './config.ts';
import { ReceiverStandIn } from './testing/receiver-stand-in.ts';
import { post } from './testing/sender-process.ts';
import { temporaryFolders } from './testing/temporary-folder.ts';

const newFolder = temporaryFolders();
const receiver = new ReceiverStandIn();
let app: App;

beforeAll(async () => {
  await receiver.start();
  const config = parseConfig({
    PORT: '0',
    DATA_DIR: newFolder(),
    RECEIVER_URL: `${receiver.url}/`,
    LEDGER_PUBLIC_KEY: receiver.ledgerPublicKeyBase64,
  });
  app = await startApp({ config, logger: pino({ level: 'silent' }) });
});
afterAll(async () => {
  await app.stop();
  await receiver.stop();
});

const statusShape = z.object({ delivered: z.number(), outbox: z.object({ depth: z.number() }) });
const get = async (path: string) => {
  const response = await fetch(`${app.url}${path}`);
  return { status: response.status, headers: response.headers, body: (await response.json()) as unknown };
};

const isAllDelivered = async () => {
  const { delivered, outbox } = statusShape.parse((await get('/status')).body);
  return outbox.depth === 0 && delivered === receiver.accepted.size;
};

describe('the API of the sender', () => {
  it('starts with the defaults of the ancestor, also without a body, and stops', async () => {
    const success = (message: string) => ({ status: 200, body: { status: 'success', message } });
    expect(await post(`${app.url}/start_sending`)).toEqual(success('Started sending 1 items every 2 seconds'));
    expect(await post(`${app.url}/start_sending`, {})).toEqual(success('Started sending 1 items every 2 seconds'));
    expect(await post(`${app.url}/start_sending`, { number_of_items_to_send: 3, interval_time: 0.5 })).toEqual(
      success('Started sending 3 items every 0.5 seconds'),
    );
    expect((await get('/status')).body).toMatchObject({
      schedule: { number_of_items_to_send: 3, interval_time: 0.5 },
      receiver_url: `${receiver.url}/`,
      is_receipt_signature_checked: true,
      enrolment: { state: 'off', devices: [], failures: 0, reason: null },
      key: { id: expect.stringMatching(/^[0-9a-f]{64}$/), algorithm: 'ed25519' },
      sensor: { kind: 'simulated', devices: ['Raspberry Pi 1', 'Raspberry Pi 2', 'Raspberry Pi 3'] },
    });
    expect(await post(`${app.url}/stop_sending`)).toEqual(success('Stopped sending'));
    expect(await post(`${app.url}/stop_sending`)).toEqual(success('Nothing was being sent'));
    expect((await get('/status')).body).toMatchObject({ schedule: null });
  });

  it.each([
    [{ number_of_items_to_send: 0 }],
    [{ number_of_items_to_send: 1001 }],
    [{ number_of_items_to_send: 1.5 }],
    [{ number_of_items_to_send: '2' }],
    [{ interval_time: 0 }],
    [{ interval_time: 86_401 }],
    [[]],
  ])('answers 400 to %j', async (body) => {
    const answer = await post(`${app.url}/start_sending`, body);
    expect(answer).toEqual({ status: 400, body: { status: 'error', message: expect.any(String) } });
  });

  it('answers 400 to a body that is no JSON, and 404 to what it does not have', async () => {
    const headers = { 'content-type': 'application/json' };
    const broken = await fetch(`${app.url}/start_sending`, { method: 'POST', headers, body: '{' });
    expect([broken.status, await broken.json()]).toEqual([400, { status: 'error', message: expect.any(String) }]);
    expect(await get('/nothing')).toMatchObject({ status: 404, body: { status: 'error' } });
    const problem = await get('/v1/nothing');
    expect(problem).toMatchObject({ status: 404, body: { type: 'about:blank', title: 'Not Found', status: 404 } });
    expect(problem.headers.get('content-type')).toContain('application/problem+json');
  });

  it('says that it is well', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  it('shows its numbers to Prometheus', async () => {
    const response = await fetch(`${app.url}/metrics`);
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const samples = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(samples).toEqual(
      expect.arrayContaining(['telltale_sender_dead_letters 0', 'telltale_sender_outbox_limit_messages 100000']),
    );
    for (const sample of samples) expect(sample).toMatch(/^[a-z_]+ [0-9.]+$/);
  });

  it('gives the receipt of what was delivered', async () => {
    await post(`${app.url}/start_sending`, { number_of_items_to_send: 2, interval_time: 86_400 });
    await expect.poll(() => receiver.accepted.size, { timeout: 10_000 }).toBeGreaterThan(0);
    await expect.poll(isAllDelivered, { timeout: 10_000 }).toBe(true);
    const [transactionId] = receiver.accepted.keys();
    expect(await get(`/v1/receipts/${transactionId}`)).toMatchObject({
      status: 200,
      body: { transaction_id: transactionId, leaf_index: 0 },
    });
    expect(await get(`/v1/receipts/${'0'.repeat(64)}`)).toMatchObject({ status: 404, body: { title: 'Not Found' } });
    expect(await get('/v1/receipts/x')).toMatchObject({ status: 400, body: { title: 'Bad Request' } });
  });

  it('keeps what the receiver refuses, lists it, and sends it again on demand', async () => {
    await post(`${app.url}/stop_sending`);
    receiver.script = (envelopes) => {
      const errors = envelopes.map((_, position) => ({ position, code: 'key-unknown', message: 'enrol it first' }));
      return { kind: 'answer', status: 403, body: { status: 'error', message: 'no', errors } };
    };
    await post(`${app.url}/start_sending`, { number_of_items_to_send: 3, interval_time: 86_400 });
    await expect
      .poll(async () => (await get('/v1/dead-letters?limit=2')).body, { timeout: 10_000 })
      .toMatchObject([{ id: 3, code: 'key-unknown', reason: 'enrol it first' }, { id: 2 }]);
    const page = await get('/v1/dead-letters?limit=2');
    expect(page.headers.get('link')).toBe('</v1/dead-letters?before=2&limit=2>; rel="next"');
    expect((await get('/v1/dead-letters?before=2')).body).toMatchObject([{ id: 1 }]);
    expect(await get('/v1/dead-letters?limit=0')).toMatchObject({ status: 400, body: { title: 'Bad Request' } });

    receiver.script = () => ({ kind: 'accept' });
    expect(await post(`${app.url}/v1/dead-letters/retry`)).toEqual({ status: 200, body: { retried: 3 } });
    await expect.poll(async () => (await get('/v1/dead-letters')).body, { timeout: 10_000 }).toEqual([]);
    await expect.poll(isAllDelivered, { timeout: 10_000 }).toBe(true);
  });
});

describe('a sender that is set up to measure by itself', () => {
  it('sends the temperature of the processor from its start on', async () => {
    const zone = newFolder();
    writeFileSync(join(zone, 'type'), 'cpu-thermal\n');
    writeFileSync(join(zone, 'temp'), '48312\n');
    const variables = { SENSOR: 'thermal', THERMAL_ZONE: zone, SENSOR_DEVICE: 'gateway 7', SEND_INTERVAL_S: '0.05' };
    const config = parseConfig({ PORT: '0', DATA_DIR: newFolder(), RECEIVER_URL: receiver.url, ...variables });
    const own = await startApp({ config, logger: pino({ level: 'silent' }) });
    onTestFinished(() => own.stop());
    const temperature =
      /^\{"celsius":48\.312,"zone":"cpu-thermal","timestamp":[0-9.]+, "device": "gateway 7", "seq": 1\}$/;
    await expect
      .poll(() => [...receiver.accepted.values()].map(({ data }) => data), { timeout: 10_000 })
      .toContainEqual(expect.stringMatching(temperature));
  });

  it('says what to do on a machine without a thermal zone', async () => {
    const variables = { SENSOR: 'thermal', THERMAL_ZONE: newFolder() };
    const config = parseConfig({ PORT: '0', DATA_DIR: newFolder(), RECEIVER_URL: receiver.url, ...variables });
    await expect(startApp({ config, logger: pino({ level: 'silent' }) })).rejects.toMatchObject({ code: 'sensor' });
  });
});

describe('the documentation of the API', () => {
  const operation = z.object({
    requestBody: z.object({ content: z.record(z.string(), z.object({ example: z.unknown() })) }).optional(),
  });
  const documentShape = z.object({
    openapi: z.literal('3.1.0'),
    paths: z.record(z.string(), z.record(z.string(), operation)),
  });

  it('is a page at /apidocs, with and without the slash', async () => {
    for (const path of ['/apidocs', '/apidocs/']) {
      const response = await fetch(`${app.url}${path}`);
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(await response.text()).toContain('swagger-ui');
    }
  });

  it('is an OpenAPI 3.1 document whose examples work as they stand', async () => {
    const { paths } = documentShape.parse((await get('/apidocs/json')).body);
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/start_sending', '/stop_sending', '/status', '/healthz', '/v1/dead-letters']),
    );
    const examples = Object.entries(paths).flatMap(([path, methods]) => {
      const content = methods['post']?.requestBody?.content['application/json'];
      return content === undefined ? [] : [{ path, example: content.example }];
    });
    expect(examples).toEqual([{ path: '/start_sending', example: { number_of_items_to_send: 2, interval_time: 2 } }]);
    for (const { path, example } of examples) {
      expect(await post(`${app.url}${path}`, example)).toMatchObject({ status: 200 });
    }
    await post(`${app.url}/stop_sending`);
  });
});
