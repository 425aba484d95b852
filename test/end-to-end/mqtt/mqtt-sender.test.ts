// The sender over MQTT: real processes of sender and receiver with a real broker between them. What leaves the outbox has its receipt.

import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestDatabase } from '@telltale/database/testing';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { validateChainOf } from '../../../services/receiver/src/testing/post-readings.ts';
import { type ReceiverProcess, spawnReceiver } from '../../../services/receiver/src/testing/receiver-process.ts';
import { until } from '../../../services/receiver/src/testing/until.ts';
import {
  endSender,
  post,
  runToExit,
  type SenderProcess,
  spawnSender,
} from '../../../services/sender/src/testing/sender-process.ts';
import { temporaryFolders } from '../../../services/sender/src/testing/temporary-folder.ts';
import { freePort, isWithoutMosquitto, type Mosquitto, startMosquitto } from './mosquitto.ts';

type Status = {
  delivered: number;
  outbox: { depth: number; dead_letters: number };
  delivery: { state: string };
  last_error: { message: string } | null;
  receiver_url: string;
  is_receipt_signature_checked: boolean;
};
const statusOf = async ({ url }: SenderProcess) => (await (await fetch(`${url}/status`)).json()) as Status;
const send = ({ url }: SenderProcess, count: number) =>
  post(`${url}/start_sending`, { number_of_items_to_send: count, interval_time: 86_400 });

/** Both sides leave a broker that was away alone for a while. */
const WAIT = { timeout: 50_000, interval: 20 };
const newFolder = temporaryFolders();

describe.skipIf(isWithoutMosquitto)('a sender with MQTT_URL (needs Mosquitto)', () => {
  let broker: Mosquitto;
  let url: string;
  const ends: (() => unknown)[] = [];

  beforeEach(async () => {
    broker = await startMosquitto();
    ends.push(() => broker.remove());
    url = `mqtt://127.0.0.1:${broker.port}`;
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  /** A receiver with a ledger of its own, and what a sender must know to check its receipts. */
  async function startReceiver(): Promise<{ receiver: ReceiverProcess; ledgerKey: string }> {
    const database = await createTestDatabase(inject('testServer'));
    ends.push(() => database.drop());
    const cwd = newFolder();
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const LEDGER_KEY_FILE = join(cwd, 'ledger.pem');
    await writeFile(LEDGER_KEY_FILE, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    const variables = { DATABASE_URL: database.url, LEDGER_KEY_FILE, MQTT_URL: url, MQTT_CLIENT_ID: 'receiver' };
    const receiver = await spawnReceiver({ cwd, variables });
    ends.push(() => receiver.stop());
    await until('it is subscribed', () => receiver.log.some(({ msg }) => msg === 'MQTT connected'));
    return { receiver, ledgerKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') };
  }

  async function startSender(env: Record<string, string> = {}): Promise<SenderProcess> {
    // Nothing listens there: whatever arrives came over MQTT.
    const RECEIVER_URL = `http://127.0.0.1:${await freePort()}`;
    const sender = await spawnSender({ cwd: newFolder(), env: { RECEIVER_URL, MQTT_URL: url, ...env } });
    ends.push(() => sender.child.kill('SIGKILL'));
    return sender;
  }
  const delivered = (sender: SenderProcess, count: number) =>
    expect.poll(async () => (await statusOf(sender)).delivered, WAIT).toBe(count);

  it('delivers the readings of all its devices, with receipts that the ledger signed', async () => {
    const { receiver, ledgerKey } = await startReceiver();
    const sender = await startSender({ LEDGER_PUBLIC_KEY: ledgerKey, DEVICES: '3' });
    await send(sender, 20);
    await delivered(sender, 20);
    expect(await statusOf(sender)).toMatchObject({
      outbox: { depth: 0, dead_letters: 0 },
      receiver_url: url,
      is_receipt_signature_checked: true,
    });
    expect(await validateChainOf(receiver.url)).toMatchObject({ valid: true, readings: 20, devices: 3 });
    expect(await endSender(sender, 'SIGTERM')).toBe(0);
  });

  it('delivers readings that name no device, and those of a device whose name no topic can hold', async () => {
    await startReceiver();
    const command = `echo '{"celsius":4.5}'; echo '{"device":"hall/3 #1","celsius":5}'; sleep 60`;
    const sender = await startSender({ SENSOR: 'command', SENSOR_COMMAND: command });
    await post(`${sender.url}/start_sending`, { number_of_items_to_send: 1, interval_time: 0.05 });
    await delivered(sender, 2);
    expect((await statusOf(sender)).outbox).toMatchObject({ depth: 0, dead_letters: 0 });
  });

  it('keeps its readings while nobody listens at the broker, and says so', async () => {
    const sender = await startSender();
    await send(sender, 5);
    await until('it waits', async () => (await statusOf(sender)).delivery.state === 'waiting');
    expect(await statusOf(sender)).toMatchObject({
      outbox: { depth: 5 },
      last_error: { message: 'no receiver listens at the broker' },
    });
    await startReceiver();
    await delivered(sender, 5);
  });

  it('keeps its readings while the broker is away, and goes on when it is back', async () => {
    const { receiver } = await startReceiver();
    await broker.stop();
    const sender = await startSender();
    await send(sender, 5);
    await until('it waits', async () => (await statusOf(sender)).delivery.state === 'waiting');
    expect((await statusOf(sender)).last_error?.message).toBe('the broker cannot be reached: ECONNREFUSED');
    await broker.start();
    await delivered(sender, 5);
    expect(await validateChainOf(receiver.url)).toMatchObject({ valid: true, readings: 5 });
  });

  it('does not take the receipts of a ledger that it does not trust', async () => {
    await startReceiver();
    const { publicKey } = generateKeyPairSync('ed25519');
    const LEDGER_PUBLIC_KEY = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const sender = await startSender({ LEDGER_PUBLIC_KEY });
    await send(sender, 2);
    await until('it waits', async () => (await statusOf(sender)).last_error !== null);
    expect(await statusOf(sender)).toMatchObject({ delivered: 0, outbox: { depth: 2, dead_letters: 0 } });
  });
});

describe('a sender with a MQTT_CA_FILE that is not there', () => {
  it('does not start', async () => {
    const env = { MQTT_URL: 'mqtts://127.0.0.1:1', MQTT_CA_FILE: '/nowhere/ca.pem' };
    expect(await runToExit({ cwd: newFolder(), env })).toEqual({
      code: 1,
      errorText: 'sender: MQTT_CA_FILE /nowhere/ca.pem cannot be read: check the path and its rights\n',
    });
  });
});
