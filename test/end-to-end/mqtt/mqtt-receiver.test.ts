// A receiver that takes readings from a real broker: what it answers, what it refuses, and that nothing is acknowledged before it is durable.

import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createLog } from '../../../services/receiver/src/log.ts';
import { startFaultProxy } from '../../../services/receiver/src/testing/fault-proxy.ts';
import { type LedgerRows, openLedgerRows } from '../../../services/receiver/src/testing/ledger-rows.ts';
import { postReadings } from '../../../services/receiver/src/testing/post-readings.ts';
import { startTestReceiver, type TestReceiver } from '../../../services/receiver/src/testing/test-receiver.ts';
import { until } from '../../../services/receiver/src/testing/until.ts';
import { freePort, isWithoutMosquitto, type Mosquitto, startMosquitto } from './mosquitto.ts';
import { connectDevice, type MqttDevice } from './mqtt-device.ts';

const answerWithReceipts = z.object({
  receipts: z.array(
    z.object({
      transaction_id: z.string(),
      leaf_index: z.number(),
      leaf_hash: z.string(),
      received_at: z.number(),
      seal_by: z.number(),
      position: z.number(),
      count: z.number(),
      path: z.array(z.string()),
      signature: z.string(),
    }),
  ),
});
const metricOf = async (url: string, name: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
};
const isConnected = async (url: string) => (await metricOf(url, 'telltale_mqtt_connected')) === 1;

describe.skipIf(isWithoutMosquitto)('a receiver with MQTT_URL (needs Mosquitto)', () => {
  let broker: Mosquitto;
  let receiver: TestReceiver;
  let rows: LedgerRows;
  let device: MqttDevice;
  const ends: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    broker = await startMosquitto();
    ends.push(() => broker.remove());
    receiver = await startTestReceiver({ variables: mqttVariables('one') });
    ends.push(() => receiver.stop());
    rows = openLedgerRows(receiver);
    ends.push(() => rows.close());
    await until('it is subscribed', () => isConnected(receiver.url));
    device = await connect('Pi 1');
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  const mqttVariables = (clientId: string) => ({
    MQTT_URL: `mqtt://127.0.0.1:${broker.port}`,
    MQTT_CLIENT_ID: clientId,
    MAX_BODY_BYTES: '20000',
  });
  async function connect(name: string, level?: string): Promise<MqttDevice> {
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const connected = await connectDevice({ url, name, ...(level !== undefined && { level }) });
    ends.push(() => connected.close());
    return connected;
  }
  const answered = (of: MqttDevice, count: number) => until(`${count} answers`, () => of.answers.length >= count);

  it('answers on the topic of receipts with what HTTP answers, and with the correlation data of the message', async () => {
    const body = `[${device.envelope(1)}, ${device.envelope(2)}]`;
    await device.publish(body, { correlation: 'abc' });
    await answered(device, 1);
    const [answer] = device.answers;
    expect(answer).toMatchObject({
      topic: 'telltale/v1/Pi 1/receipts',
      correlation: 'abc',
      contentType: 'application/json',
      status: '200',
      payload: { status: 'success', message: 'Data added to blockchain' },
    });
    const { receipts } = await postReadings(receiver.url, body);
    const placeOf = ({ leaf_index, transaction_id }: { leaf_index: number; transaction_id: string }) => ({
      leaf_index,
      transaction_id,
    });
    const { receipts: given } = answerWithReceipts.parse(answer?.payload);
    expect(given.map(placeOf)).toEqual(receipts.map(placeOf));
    for (const receipt of given) expect(await rows.isSigned(receipt)).toBe(true);
  });

  it('takes a device whose name stands percent-encoded in the topic, and one message of QoS 0', async () => {
    const odd = await connect('hall/3 #1', 'hall%2F3 %231');
    await odd.publish(odd.envelope(1), { qos: 0 });
    await answered(odd, 1);
    expect(odd.answers[0]).toMatchObject({ topic: 'telltale/v1/hall%2F3 %231/receipts', status: '200' });
  });

  it.each<[string, number, string, (of: MqttDevice) => string]>([
    ['a body that is no JSON', 400, 'json', () => '{"data":'],
    ['a forged reading', 400, 'signature-wrong', (of) => of.envelope(1).replace('"seq":1', '"seq":2')],
    ['a body over the limit', 413, 'body-too-large', (of) => `[${of.envelope(1)}${' '.repeat(20_000)}]`],
    ['a reading of another device', 403, 'device-not-of-topic', (of) => `[${of.envelope(1)}]`],
    ['a topic that names no device', 400, 'topic-malformed', (of) => of.envelope(1)],
  ])('answers %s with %i, stores nothing and goes on', async (_name, status, code, bodyOf) => {
    const before = await rows.counts();
    const body = bodyOf(device);
    const topics: Record<string, string> = { 'device-not-of-topic': 'Pi 2', 'topic-malformed': '100%' };
    await device.publish(body, { topic: `telltale/v1/${topics[code] ?? device.name}/readings` });
    await answered(device, 1);
    const [answer] = device.answers;
    expect(answer).toMatchObject({ status: String(status), payload: { status: 'error' } });
    expect(JSON.stringify(answer?.payload)).toContain(code);
    expect(await rows.counts()).toEqual(before);
    await device.publish(device.envelope(7));
    await answered(device, 2);
    expect(device.answers[1]?.status).toBe('200');
    expect(await metricOf(receiver.url, 'telltale_mqtt_messages_refused_total')).toBe(1);
  });

  it('says of a refused body what HTTP says', async () => {
    const body = `[${device.envelope(1).replace('"seq":1', '"seq":2')}]`;
    await device.publish(body);
    await answered(device, 1);
    const { status, message, errors } = await postReadings(receiver.url, body);
    expect(device.answers[0]?.payload).toEqual({ status, message, errors });
  });

  it('takes many messages at once, and its receiver on the same database shares them', async () => {
    const other = await startTestReceiver({ beside: receiver, variables: mqttVariables('other') });
    ends.push(() => other.stop());
    await until('the other one is subscribed', () => isConnected(other.url));
    const seqs = Array.from({ length: 200 }, (_, seq) => seq);
    await Promise.all(seqs.map((seq) => device.publish(device.envelope(seq))));
    await until('all have receipts', () => device.receipted().size === seqs.length);
    const shares = await Promise.all([receiver, other].map(({ url }) => metricOf(url, 'telltale_mqtt_messages_total')));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(seqs.length);
    expect(Math.min(...shares)).toBeGreaterThan(seqs.length / 4);
  });

  it('takes many messages into one commit', async () => {
    const blocker = new pg.Client({ connectionString: receiver.database.url });
    ends.push(() => blocker.end());
    await blocker.connect();
    await blocker.query('BEGIN; LOCK TABLE log_counter IN EXCLUSIVE MODE');
    const seqs = Array.from({ length: 15 }, (_, seq) => seq);
    for (const seq of seqs) await device.publish(device.envelope(seq));
    await until('it has them all', async () => {
      return (await metricOf(receiver.url, 'telltale_mqtt_messages_total')) === seqs.length;
    });
    expect(device.answers).toEqual([]);
    await blocker.query('ROLLBACK');
    await until('all have receipts', () => device.receipted().size === seqs.length);
    const commits = await rows.pool.query('SELECT DISTINCT xmin::text FROM leaves');
    // Those that came before the lock was felt, and the rest.
    expect(commits.rows.length).toBeLessThan(6);
  });

  it.each(['before', 'after'] as const)('tries again when its database is cut off just %s the commit', async (when) => {
    const proxy = await startFaultProxy(receiver.database.url);
    ends.push(async () => proxy.close());
    const beside = { beside: receiver, databaseUrl: proxy.url, variables: mqttVariables('one') };
    const cut = await startTestReceiver(beside);
    ends.push(() => cut.stop());
    await until('it is subscribed', () => isConnected(cut.url));
    proxy.cutNextCommit(when);
    await device.publish(device.envelope(1));
    await answered(device, 1);
    expect(device.answers[0]?.status).toBe('200');
    expect([proxy.cuts, await metricOf(cut.url, 'telltale_mqtt_retries_total')]).toEqual([1, 1]);
    expect((await rows.counts()).leaves).toBe(2);
  });

  it('says what it may be when another receiver takes its name at the broker', async () => {
    const lines: { msg: string; err?: { message: string } }[] = [];
    const log = createLog('info', { write: (line) => void lines.push(JSON.parse(line)) });
    const first = await startTestReceiver({ beside: receiver, variables: mqttVariables('twice'), log });
    ends.push(() => first.stop());
    await until('it is subscribed', () => isConnected(first.url));
    const second = await startTestReceiver({ beside: receiver, variables: mqttVariables('twice') });
    ends.push(() => second.stop());
    await until('it says so', () => lines.some(({ msg }) => msg === 'MQTT disconnected'));
    const { err } = lines.find(({ msg }) => msg === 'MQTT disconnected') ?? {};
    expect(err?.message).toContain('another receiver has this MQTT_CLIENT_ID');
  });

  it('goes on after the broker was away', async () => {
    await broker.stop();
    await until('it is disconnected', async () => !(await isConnected(receiver.url)));
    await broker.start();
    await until('it is subscribed again', () => isConnected(receiver.url));
    await device.publish(device.envelope(1));
    await answered(device, 1);
    expect(await metricOf(receiver.url, 'telltale_mqtt_connections_total')).toBe(2);
  });

  it('starts and answers over HTTP while the broker is away, and connects when it is there', async () => {
    await broker.stop();
    const early = await startTestReceiver({ variables: mqttVariables('early') });
    ends.push(() => early.stop());
    expect((await postReadings(early.url, device.envelope(1))).statusCode).toBe(200);
    expect(await isConnected(early.url)).toBe(false);
    await broker.start();
    await until('it is subscribed', () => isConnected(early.url));
  });
});

describe('MQTT_URL', () => {
  it('unset: nothing of MQTT is counted', async () => {
    const receiver = await startTestReceiver();
    expect(await (await fetch(`${receiver.url}/metrics`)).text()).not.toContain('mqtt');
    await receiver.stop();
  });

  it('with a MQTT_CA_FILE that is not there: the receiver does not start', async () => {
    const variables = { MQTT_URL: `mqtts://127.0.0.1:${await freePort()}`, MQTT_CA_FILE: '/nowhere/ca.pem' };
    await expect(startTestReceiver({ variables })).rejects.toThrow('MQTT_CA_FILE /nowhere/ca.pem cannot be read');
  });
});
