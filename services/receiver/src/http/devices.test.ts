// GET /v1/devices and a device's readings over a real receiver: what it says of sequences, keys and clocks, page by page, and that restarts
// and takeovers change nothing.

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ADMIN_TOKEN, asAdmin, enrol, post, rotationOf, STRICT } from '../testing/key-requests.ts';
import { mustAccept } from '../testing/post-readings.ts';
import { openStoredLedger, type StoredLedger } from '../testing/stored-ledger.ts';
import { makeDevice, type TestDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';
import { until } from '../testing/until.ts';

const deviceAnswer = z.object({
  device: z.string(),
  readings: z.number(),
  last_seq: z.number().nullable(),
  gaps: z.array(z.object({ from: z.number(), to: z.number() })),
  gap_count: z.number(),
  missing: z.number(),
  duplicates: z.number(),
  keys: z.array(z.object({ key_id: z.string(), from_leaf: z.number(), revoked_leaf: z.number().nullable() })),
  key_in_force: z.array(z.string()),
  first_seen_at: z.number().nullable(),
  last_seen_at: z.number().nullable(),
  last_device_time: z.number().nullable(),
  clock_offset_ms: z.number().nullable(),
  is_clock_off: z.boolean(),
});
type DeviceAnswer = z.infer<typeof deviceAnswer>;
const listAnswer = z.object({ devices: z.array(deviceAnswer) });
const problemAnswer = z.object({ status: z.number(), code: z.string(), title: z.string() });

async function deviceOf(url: string, device: string): Promise<DeviceAnswer> {
  const answer = await fetch(`${url}/v1/devices/${encodeURIComponent(device)}`);
  expect(answer.status).toBe(200);
  return deviceAnswer.parse(await answer.json());
}

async function problemOf(url: string, path: string): Promise<z.infer<typeof problemAnswer>> {
  const answer = await fetch(`${url}${path}`);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  const problem = problemAnswer.parse(await answer.json());
  expect(problem.status).toBe(answer.status);
  return problem;
}

/** All pages, by their Link headers. */
async function listOf(url: string, query: string): Promise<{ devices: DeviceAnswer[]; pages: number }> {
  const devices: DeviceAnswer[] = [];
  let pages = 0;
  for (let path: string | undefined = `/v1/devices${query}`; path !== undefined; pages++) {
    const answer: Response = await fetch(`${url}${path}`);
    expect(answer.status).toBe(200);
    devices.push(...listAnswer.parse(await answer.json()).devices);
    path = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
  }
  return { devices, pages };
}

/** Sends readings one request each, so that their order in the log is theirs here. */
async function sendSeqs(url: string, of: { device: TestDevice; name: string; seqs: readonly (number | string)[] }) {
  for (const [i, seq] of of.seqs.entries()) {
    await mustAccept(url, of.device.envelope(`{"device":${JSON.stringify(of.name)},"n":${i},"seq":${seq}}`));
  }
}

async function untilAllSealed({ pool }: StoredLedger): Promise<void> {
  await until('all leaves are sealed', async () => {
    const { rows } = await pool.query<{ is_sealed: boolean }>(
      'SELECT next_leaf_index = (SELECT max(log_size) FROM blocks) AS is_sealed FROM log_counter',
    );
    return rows[0]?.is_sealed === true;
  });
}

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

describe('GET /v1/readings?device=', () => {
  const page = z.object({
    readings: z.array(
      z.looseObject({ device: z.string(), seq: z.number(), received_at: z.number(), proof: z.unknown().optional() }),
    ),
  });
  let receiver: TestReceiver;
  let stored: StoredLedger;

  beforeAll(async () => {
    receiver = await startTestReceiver({ variables: { TRANSACTIONS_PER_BLOCK: '6', BLOCK_MAX_WAIT_MS: '0' } });
    stored = await openStoredLedger(receiver);
    const device = makeDevice();
    for (let start = 0; start < 120; start += 40) {
      const envelopes = Array.from({ length: 40 }, (_, i) =>
        device.envelope(`{"device":"pump/${i % 2}","seq":${start + i}}`),
      );
      await mustAccept(receiver.url, `[${envelopes.join(',')}]`);
    }
    await untilAllSealed(stored);
  });
  afterAll(async () => {
    await stored.close();
    await receiver.stop();
  });

  async function readAll(query: string): Promise<z.infer<typeof page>['readings']> {
    const readings = [];
    for (let path: string | undefined = `/v1/readings?${query}`; path !== undefined; ) {
      const answer: Response = await fetch(`${receiver.url}${path}`);
      expect(answer.status).toBe(200);
      readings.push(...page.parse(await answer.json()).readings);
      path = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    return readings;
  }

  it.each([1, 7, 60, 1_000])('gives that device’s readings alone, each once and in order, %i a page', async (limit) => {
    const readings = await readAll(`device=${encodeURIComponent('pump/1')}&limit=${limit}`);
    expect(readings.map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, i) => 2 * i + 1));
    expect(new Set(readings.map(({ device }) => device))).toEqual(new Set(['pump/1']));
  });

  it('gives proofs, and keeps to the received times', async () => {
    const all = await readAll('device=pump%2F0');
    const [from, to] = [all[20]?.received_at ?? 0, all[40]?.received_at ?? 0];
    const some = await readAll(`device=pump%2F0&from=${from}&to=${to}&limit=3&proof=1`);
    const expected = all.filter((reading) => reading.received_at >= from && reading.received_at < to);
    expect(expected.length).toBeGreaterThan(0);
    expect(some.map(({ seq }) => seq)).toEqual(expected.map(({ seq }) => seq));
    for (const { proof } of some) expect(proof).toBeTypeOf('object');
  });

  it('gives nothing for a device that never spoke, and refuses what is no name', async () => {
    expect(await readAll('device=nobody')).toEqual([]);
    expect(await problemOf(receiver.url, '/v1/readings?device=')).toMatchObject({ status: 400 });
    expect(await problemOf(receiver.url, '/v1/readings?device=a%00')).toMatchObject({ status: 400 });
  });
});

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
