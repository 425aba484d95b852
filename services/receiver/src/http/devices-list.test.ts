// GET /v1/devices over real receivers: paging, devices that never spoke, sealers that take turns, and an account that is made again.

import { afterEach, describe, expect, it } from 'vitest';
import { deviceOf, listOf, sendSeqs, untilAllSealed } from '../testing/device-requests.ts';
import { enrol, STRICT } from '../testing/key-requests.ts';
import { mustAccept } from '../testing/post-readings.ts';
import { openStoredLedger, type StoredLedger } from '../testing/stored-ledger.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';
import { until } from '../testing/until.ts';

const VARIABLES = { TRANSACTIONS_PER_BLOCK: '1', BLOCK_MAX_WAIT_MS: '0' };

describe('GET /v1/devices', () => {
  const cleanUps: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });

  async function start(
    variables: Record<string, string>,
    beside?: TestReceiver,
  ): Promise<{ receiver: TestReceiver; stored: StoredLedger }> {
    const receiver = await startTestReceiver({ variables, ...(beside && { beside }) });
    cleanUps.push(() => receiver.stop());
    const stored = await openStoredLedger(receiver);
    cleanUps.push(() => stored.close());
    return { receiver, stored };
  }

  it('gives every device once, in the order of their names’ bytes, on pages of any size', async () => {
    const { receiver, stored } = await start({ TRANSACTIONS_PER_BLOCK: '50', BLOCK_MAX_WAIT_MS: '20' });
    expect(await listOf(receiver.url, '')).toEqual({ devices: [], pages: 1 });
    const names = ['b', 'B', 'a', 'ä', 'Z', 'z', 'é', 'e', '1', '10', '2', ' ', '😀', '~', 'a/b', 'a&b=c'];
    const device = makeDevice();
    const envelopes = names.map((name) => device.envelope(JSON.stringify({ device: name, seq: 1 })));
    await mustAccept(receiver.url, `[${envelopes.join(',')}]`);
    await untilAllSealed(stored);
    const sorted = names.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    for (const [limit, pages] of [
      [1, 16],
      [3, 6],
      [15, 2],
      [16, 1],
      [1_000, 1],
    ]) {
      const list = await listOf(receiver.url, `?limit=${limit}`);
      expect(list.devices.map((one) => one.device)).toEqual(sorted);
      expect(list.pages).toBe(pages);
    }
  });

  it('names devices that were enrolled and never spoke', async () => {
    const { receiver, stored } = await start({ ...VARIABLES, ...STRICT });
    const device = makeDevice();
    const at = { url: receiver.url, origin: stored.identity.origin };
    expect((await enrol(at, { device, devices: ['speaks', 'is silent'] })).status).toBe(201);
    await mustAccept(receiver.url, device.envelope('{"device":"speaks","seq":4}'));
    await mustAccept(receiver.url, device.envelope('{"seq":5}'));
    await untilAllSealed(stored);
    const { devices } = await listOf(receiver.url, '?limit=2');
    const keys = [{ key_id: device.keyIdHex, from_leaf: 0, revoked_leaf: null }];
    const said = devices.map(({ device: name, readings, last_seq }) => ({ name, readings, last_seq }));
    expect(said).toEqual([
      { name: device.keyIdHex.slice(0, 16), readings: 1, last_seq: 5 },
      { name: 'is silent', readings: 0, last_seq: null },
      { name: 'speaks', readings: 1, last_seq: 4 },
    ]);
    // Its own device too: the key speaks for it without being enrolled for it.
    expect(devices.map((one) => one.keys)).toEqual([keys, keys, keys]);
    expect(await deviceOf(receiver.url, 'is silent')).toMatchObject({ readings: 0, gaps: [], first_seen_at: null });
  });

  it('goes on where another sealer stopped, in turns', async () => {
    const { receiver: first, stored } = await start(VARIABLES);
    const { receiver: second } = await start(VARIABLES, first);
    const device = makeDevice();
    const receivers = [first, second];
    for (let round = 0; round < 6; round++) {
      const [sealing, other] = round % 2 === 0 ? receivers : receivers.toReversed();
      await sendSeqs(other?.url ?? '', { device, name: 'turns', seqs: [10 * round, 10 * round + 1] });
      await untilAllSealed(stored);
      // Whoever seals now gives the lease up, and the other one takes it.
      await sealing?.restart();
    }
    expect(await deviceOf(second.url, 'turns')).toMatchObject({
      readings: 12,
      last_seq: 51,
      gap_count: 5,
      duplicates: 0,
    });
    expect((await stored.validate()).fault).toBeUndefined();
  });

  it('makes the account again from the log when its tables are emptied, as a ledger of an older version has them', async () => {
    const { receiver, stored } = await start({ TRANSACTIONS_PER_BLOCK: '3', BLOCK_MAX_WAIT_MS: '0' });
    const device = makeDevice();
    for (const name of ['one', 'two']) await sendSeqs(receiver.url, { device, name, seqs: [1, 2, 4, 4, 9, 3] });
    // 12 readings and two first uses.
    await stored.untilSealed({ leaves: 14, pending: 0 });
    const before = await listOf(receiver.url, '');
    await stored.pool.query('TRUNCATE devices, device_readings');
    await stored.pool.query('UPDATE devices_mark SET log_size = 0');
    expect((await stored.validate()).fault).toMatchObject({ code: 'device-table' });
    await receiver.restart();
    await until('the devices are accounted', async () => (await stored.validate()).fault === undefined);
    expect(await listOf(receiver.url, '')).toEqual(before);
  });
});
