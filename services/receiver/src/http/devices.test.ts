// GET /v1/devices/{device} over a real receiver: what it says of sequences, keys and clocks, and that a restart changes nothing.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviceOf, listOf, problemOf, sendSeqs, untilAllSealed } from '../testing/device-requests.ts';
import { ADMIN_TOKEN, asAdmin, post, rotationOf } from '../testing/key-requests.ts';
import { mustAccept } from '../testing/post-readings.ts';
import { openStoredLedger, type StoredLedger } from '../testing/stored-ledger.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';

const VARIABLES = { TRANSACTIONS_PER_BLOCK: '1', BLOCK_MAX_WAIT_MS: '0', CLOCK_TOLERANCE_MS: '60000' };

describe('GET /v1/devices/{device}', () => {
  let receiver: TestReceiver;
  let stored: StoredLedger;
  const device = makeDevice();

  beforeAll(async () => {
    receiver = await startTestReceiver({ variables: { ...VARIABLES, ADMIN_TOKEN } });
    stored = await openStoredLedger(receiver);
  });
  afterAll(async () => {
    await stored.close();
    await receiver.stop();
  });

  it('tells gaps, numbers that came twice, and readings without one, whatever their order', async () => {
    await sendSeqs(receiver.url, { device, name: 'gaps', seqs: [3, 4, 9, '"x"', 4, 20, 'null', 8, 21] });
    await untilAllSealed(stored);
    expect(await deviceOf(receiver.url, 'gaps')).toMatchObject({
      device: 'gaps',
      readings: 9,
      last_seq: 21,
      gaps: [
        { from: 5, to: 8 },
        { from: 10, to: 20 },
      ],
      gap_count: 2,
      missing: 13,
      duplicates: 1,
    });
  });

  it('closes a gap when its numbers come late', async () => {
    await sendSeqs(receiver.url, { device, name: 'late', seqs: [0, 1, 5] });
    await untilAllSealed(stored);
    expect(await deviceOf(receiver.url, 'late')).toMatchObject({ gaps: [{ from: 2, to: 5 }], missing: 3 });
    await sendSeqs(receiver.url, { device, name: 'late', seqs: [4, 3, 2] });
    // The same message again is the same reading.
    await sendSeqs(receiver.url, { device, name: 'late', seqs: [4, 3, 2] });
    await untilAllSealed(stored);
    expect(await deviceOf(receiver.url, 'late')).toMatchObject({
      readings: 6,
      last_seq: 5,
      gaps: [],
      gap_count: 0,
      missing: 0,
      duplicates: 0,
    });
  });

  it('knows a device that counts nothing and tells no time', async () => {
    const before = Date.now() * 1000;
    const silent = makeDevice();
    await mustAccept(receiver.url, silent.envelope('{"distance":1}'));
    await untilAllSealed(stored);
    const own = silent.keyIdHex.slice(0, 16);
    const answer = await deviceOf(receiver.url, own);
    expect(answer).toMatchObject({
      device: own,
      readings: 1,
      last_seq: null,
      gaps: [],
      missing: 0,
      key_in_force: [silent.keyIdHex],
      last_device_time: null,
      clock_offset_ms: null,
      is_clock_off: false,
    });
    expect(answer.first_seen_at).toBeGreaterThanOrEqual(before);
    expect(answer.last_seen_at).toBe(answer.first_seen_at);
  });

  it('says what the device’s clock said, apart from when the receiver took the reading, and flags it beyond CLOCK_TOLERANCE_MS', async () => {
    for (const [name, awayS, isOff] of [
      ['right', 0, false],
      ['a little slow', -50, false],
      ['slow', -90, true],
      ['fast', 90, true],
      ['in 1970', -Date.now() / 1000 + 1, true],
    ] as const) {
      const deviceTimeUs = Math.round((Date.now() / 1000 + awayS) * 1000) * 1000;
      const [receipt] = await mustAccept(
        receiver.url,
        device.envelope(`{"device":"${name}","timestamp":${deviceTimeUs / 1_000_000}}`),
      );
      await untilAllSealed(stored);
      const receivedAtUs = receipt?.received_at ?? 0;
      expect(await deviceOf(receiver.url, name)).toMatchObject({
        first_seen_at: receivedAtUs,
        last_seen_at: receivedAtUs,
        last_device_time: deviceTimeUs,
        clock_offset_ms: Math.round((deviceTimeUs - receivedAtUs) / 1000),
        is_clock_off: isOff,
      });
    }
  });

  it('forgets a wrong clock once it is right again, and keeps the last time that was told', async () => {
    const say = async (timestamp: string) => {
      await mustAccept(receiver.url, device.envelope(`{"device":"set","timestamp":${timestamp}}`));
      await untilAllSealed(stored);
      return deviceOf(receiver.url, 'set');
    };
    expect(await say('5')).toMatchObject({ last_device_time: 5_000_000, is_clock_off: true });
    const right = Math.round(Date.now() / 1000);
    expect(await say(String(right))).toMatchObject({ last_device_time: right * 1_000_000, is_clock_off: false });
    const answer = await say('"no number"');
    expect(answer).toMatchObject({ readings: 3, last_device_time: right * 1_000_000, is_clock_off: false });
    expect(answer.last_seen_at).toBeGreaterThan(answer.first_seen_at ?? 0);
  });

  it('counts two keys of one device together, and tells which is in force', async () => {
    const [first, second] = [makeDevice(), makeDevice('ecdsa-p256')];
    await sendSeqs(receiver.url, { device: first, name: 'two keys', seqs: [1, 2] });
    const at = { url: receiver.url, origin: stored.identity.origin };
    const rotated = await post(
      `${receiver.url}/v1/keys/${first.keyIdHex}/rotate`,
      await rotationOf(at, { old: first, next: second, devices: ['two keys'] }),
    );
    expect(rotated.status).toBe(201);
    await sendSeqs(receiver.url, { device: second, name: 'two keys', seqs: [2, 3, 5] });
    const revoked = await post(`${receiver.url}/v1/keys/${first.keyIdHex}/revoke`, { reason: 'lost' }, asAdmin);
    const wasRevoked = rotated.body['revoked_leaf'] ?? revoked.body['leaf_index'];
    await untilAllSealed(stored);
    const answer = await deviceOf(receiver.url, 'two keys');
    expect(answer).toMatchObject({
      readings: 5,
      last_seq: 5,
      gaps: [{ from: 4, to: 5 }],
      duplicates: 1,
      keys: [
        { key_id: first.keyIdHex, revoked_leaf: wasRevoked },
        { key_id: second.keyIdHex, from_leaf: rotated.body['leaf_index'], revoked_leaf: null },
      ],
      key_in_force: [second.keyIdHex],
    });
  });

  it.each([
    'a/b',
    'a b?c=d&e#f%',
    '%2F',
    'датчик',
    '😀'.repeat(64),
    `${'€'.repeat(85)}a`,
    "'; DROP TABLE devices; --",
    '{1,2}',
  ])('finds a device by any name: %s', async (name) => {
    await sendSeqs(receiver.url, { device, name, seqs: [7] });
    await untilAllSealed(stored);
    expect(await deviceOf(receiver.url, name)).toMatchObject({ device: name, last_seq: 7 });
  });

  it('says that it knows no such device, or that it is none', async () => {
    expect(await problemOf(receiver.url, '/v1/devices/nobody')).toMatchObject({
      status: 404,
      code: 'device-not-found',
    });
    expect(await problemOf(receiver.url, '/v1/devices/%zz')).toMatchObject({ status: 400 });
    expect(await problemOf(receiver.url, `/v1/devices/${'a'.repeat(1_000)}`)).toMatchObject({ status: 414 });
    for (const name of ['a%00b', '%0A', `${'a'.repeat(257)}`, '%C2%85']) {
      expect(await problemOf(receiver.url, `/v1/devices/${name}`)).toMatchObject({ status: 400 });
    }
    for (const query of ['limit=0', 'limit=1001', 'limit=x', 'limit=', 'limit=0x10', 'after=%00']) {
      expect(await problemOf(receiver.url, `/v1/devices?${query}`)).toMatchObject({ status: 400 });
    }
  });

  it('shows all gaps of a device, however many, and the newest of them in a list', async () => {
    const envelopes = Array.from({ length: 500 }, (_, i) =>
      device.envelope(`{"device":"many gaps","seq":${3 * i + 1}}`),
    );
    await mustAccept(receiver.url, `[${envelopes.join(',')}]`);
    await untilAllSealed(stored);
    const alone = await deviceOf(receiver.url, 'many gaps');
    expect(alone).toMatchObject({ gap_count: 499, missing: 998 });
    expect(alone.gaps).toEqual(Array.from({ length: 499 }, (_, i) => ({ from: 3 * i + 2, to: 3 * i + 4 })));
    const { devices } = await listOf(receiver.url, '?after=many%20gap&limit=1');
    expect(devices[0]).toEqual({ ...alone, gaps: alone.gaps.slice(-10) });
  });

  it('says the same after a restart, and the tables fit the log', async () => {
    const before = await listOf(receiver.url, '');
    await receiver.restart();
    expect(await listOf(receiver.url, '')).toEqual(before);
    expect((await stored.validate()).fault).toBeUndefined();
    await sendSeqs(receiver.url, { device, name: 'gaps', seqs: [22] });
    await untilAllSealed(stored);
    expect(await deviceOf(receiver.url, 'gaps')).toMatchObject({ readings: 10, last_seq: 22, missing: 13 });
  });
});
