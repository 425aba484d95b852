// What the broker was told is done is durable: the receiver is stopped, killed at several moments and kept from its database, and every
// message that the broker took from a device is in the chain afterwards, once, although no device sends anything twice.

import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFaultProxy } from '../../../services/receiver/src/testing/fault-proxy.ts';
import { validateChainOf } from '../../../services/receiver/src/testing/post-readings.ts';
import { type ReceiverProcess, spawnReceiver } from '../../../services/receiver/src/testing/receiver-process.ts';
import { until } from '../../../services/receiver/src/testing/until.ts';
import { makeTestLedger, type TestLedger } from '../../faults/ledger-in-a-folder.ts';
import { isWithoutMosquitto, type Mosquitto, startMosquitto } from './mosquitto.ts';
import { connectDevice, type MqttDevice } from './mqtt-device.ts';

describe.skipIf(isWithoutMosquitto)('readings over MQTT (needs Mosquitto)', () => {
  let broker: Mosquitto;
  let ledger: TestLedger;
  let device: MqttDevice;
  const ends: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    // By itself it drops what waits for a client past the thousandth message.
    broker = await startMosquitto(['allow_anonymous true', 'max_queued_messages 0']);
    ends.push(() => broker.remove());
    ledger = await makeTestLedger();
    ends.push(() => ledger.remove());
    device = await connectDevice({ url: `mqtt://127.0.0.1:${broker.port}`, name: 'Pi 1' });
    ends.push(() => device.close());
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  const isSubscribed = ({ log }: ReceiverProcess) => log.some(({ msg }) => msg === 'MQTT connected');

  async function start(more: Record<string, string> = {}): Promise<ReceiverProcess> {
    const mqtt = { MQTT_URL: `mqtt://127.0.0.1:${broker.port}`, MQTT_CLIENT_ID: 'receiver' };
    const variables = { ...ledger.variables, ...mqtt, TRANSACTIONS_PER_BLOCK: '100', BLOCK_MAX_WAIT_MS: '20', ...more };
    const receiver = await spawnReceiver({ cwd: ledger.folder, variables });
    ends.push(() => receiver.stop());
    await until('it is subscribed', () => isSubscribed(receiver));
    return receiver;
  }

  /** Lets the lease of a killed sealer run out now, instead of seconds later. */
  const expireLease = () => ledger.pool.query('UPDATE sealer_lease SET expires_at = clock_timestamp()');

  /** Publishes so many readings, from this number on; the broker has them all once this returns. */
  async function publish(first: number, count: number): Promise<void> {
    for (let seq = first; seq < first + count; seq += 1) await device.publish(device.envelope(seq));
  }

  async function expectSealedOnce({ url }: ReceiverProcess, count: number): Promise<void> {
    await until('all have receipts', () => device.receipted().size === count);
    await until('nothing is pending', async () => (await validateChainOf(url)).pending === 0);
    expect(await validateChainOf(url)).toMatchObject({ valid: true, readings: count });
  }

  /** Keeps every receiver from committing until it is called off. */
  async function blockCommits(): Promise<() => Promise<void>> {
    const client = new pg.Client({ connectionString: ledger.database.url });
    await client.connect();
    await client.query('BEGIN; LOCK TABLE log_counter IN EXCLUSIVE MODE');
    return async () => {
      await client.query('ROLLBACK');
      await client.end();
    };
  }
  const untilBlocked = () =>
    until('a commit is blocked', async () => {
      const { rows } = await ledger.pool.query('SELECT 1 FROM pg_locks WHERE NOT granted');
      return rows.length > 0;
    });

  it('published while the receiver was stopped are answered when it is back', async () => {
    const first = await start();
    await publish(0, 3);
    await until('they have receipts', () => device.receipted().size === 3);
    expect(await first.stop()).toBe(0);
    await publish(3, 4);
    expect(device.receipted().size).toBe(3);
    await expectSealedOnce(await start(), 7);
  });

  it('are not acknowledged before their commit: killed before it, the receiver gets them again', async () => {
    const first = await start();
    const unblock = await blockCommits();
    await publish(0, 12);
    await untilBlocked();
    expect(device.answers).toEqual([]);
    await first.kill();
    await unblock();
    await expireLease();
    await expectSealedOnce(await start(), 12);
  });

  it('are in the log once when the receiver is killed after the commit and before the acknowledgement', async () => {
    const proxy = await startFaultProxy(ledger.database.url);
    ends.push(async () => proxy.close());
    const first = await start({ DATABASE_URL: proxy.url });
    const committed = proxy.holdNextCommit();
    await publish(0, 1);
    await committed;
    expect(device.answers).toEqual([]);
    await first.kill();
    await expireLease();
    await expectSealedOnce(await start(), 1);
  });

  it('are finished by a receiver that stops, and the rest is left to its next start', async () => {
    const first = await start();
    const unblock = await blockCommits();
    await publish(0, 5);
    await untilBlocked();
    const stopped = first.stop();
    await publish(5, 5);
    await unblock();
    expect(await stopped).toBe(0);
    await expectSealedOnce(await start(), 10);
  });

  it('are all in the chain after kills at random moments', async () => {
    let published = 0;
    let isOver = false;
    const load = async () => {
      while (!isOver) {
        // It does not run away from a receiver that is away.
        await until('it may go on', () => published - device.receipted().size < 100);
        await publish(published, 1);
        published += 1;
      }
    };
    let receiver = await start();
    const ended = load();
    for (let round = 0; round < 4; round += 1) {
      const before = device.receipted().size;
      await until('it answers', () => device.receipted().size > before);
      await delay(randomInt(100));
      await receiver.kill();
      await expireLease();
      receiver = await start();
    }
    isOver = true;
    await ended;
    expect(published).toBeGreaterThan(50);
    await expectSealedOnce(receiver, published);
  });

  it('are kept by a broker that is restarted', async () => {
    const first = await start();
    expect(await first.stop()).toBe(0);
    await publish(0, 4);
    await broker.stop();
    await broker.start();
    await until('the device is connected again', () => device.isConnected());
    await expectSealedOnce(await start(), 4);
  });
});
