// The registry over HTTP on a real receiver: strict mode, enrolment, rotation and revocation, and what each leaves in the log.

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  ADMIN_TOKEN,
  asAdmin,
  enrol,
  nonceOf,
  possession,
  post,
  rotationOf,
  STRICT,
  signText,
} from '../testing/key-requests.ts';
import { openLedgerRows } from '../testing/ledger-rows.ts';
import { mustAccept, postReadings, validateChainOf } from '../testing/post-readings.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';

let receiver: TestReceiver;
let at: { url: string; origin: string };
beforeAll(async () => {
  receiver = await startTestReceiver({ variables: { ...STRICT, LEDGER_ORIGIN: 'test.example/strict' } });
  at = { url: receiver.url, origin: 'test.example/strict' };
});
afterAll(() => receiver.stop());

describe('strict mode', () => {
  it('refuses a key that nobody enrolled with 403, and stores nothing', async () => {
    const answer = await postReadings(at.url, `[${makeDevice().envelope('{"device":"stranger"}')}]`);
    expect(answer.statusCode).toBe(403);
    expect(answer.errors).toMatchObject([{ position: 0, code: 'key-unknown' }]);
  });

  it('accepts an enrolled key for its devices and for itself, and for no other device', async () => {
    const device = makeDevice();
    const enrolled = await enrol(at, { device, devices: ['pump 1', 'pump 2'] });
    expect(enrolled).toMatchObject({ status: 201, body: { key_id: device.keyIdHex, devices: ['pump 1', 'pump 2'] } });
    await mustAccept(at.url, `[${device.envelope('{"device":"pump 1"}')},${device.envelope('{"n":1}')}]`);
    const other = await postReadings(
      at.url,
      `[${device.envelope('{"n":2}')},${device.envelope('{"device":"pump 3"}')}]`,
    );
    expect(other.statusCode).toBe(403);
    expect(other.errors).toMatchObject([{ position: 1, code: 'device-not-enrolled' }]);
    expect(await validateChainOf(at.url)).toMatchObject({ valid: true });
  });

  it('refuses one request of a group commit and accepts the others', async () => {
    const device = makeDevice();
    await enrol(at, { device, devices: ['valve'] });
    const bodies = Array.from({ length: 20 }, (_, n) =>
      n % 2 === 0 ? device.envelope(`{"device":"valve","n":${n}}`) : makeDevice().envelope(`{"n":${n}}`),
    );
    const answers = await Promise.all(bodies.map((body) => postReadings(at.url, body)));
    expect(answers.map((answer) => answer.statusCode)).toEqual(bodies.map((_, n) => (n % 2 === 0 ? 200 : 403)));
  });
});

describe('enrolment', () => {
  it('takes each nonce once, and only its own', async () => {
    const device = makeDevice();
    const nonce = await nonceOf(at.url);
    expect(await enrol(at, { device, devices: ['once'], nonce })).toMatchObject({ status: 201 });
    expect(await enrol(at, { device, devices: ['once'], nonce })).toMatchObject({
      status: 403,
      body: { code: 'enrolment-refused' },
    });
    const invented = await enrol(at, { device, devices: ['once'], nonce: 'ab'.repeat(32) });
    expect(invented).toMatchObject({ status: 403 });
  });

  it.each([
    ['a wrong token', { token: 'not the token of this ledger' }],
    ['a proof of possession for another ledger', { isForeign: true }],
  ])('refuses %s', async (_what, wrong) => {
    const device = makeDevice();
    const nonce = await nonceOf(at.url);
    const origin = 'isForeign' in wrong ? 'other.example' : at.origin;
    const token = 'token' in wrong ? { token: wrong.token } : {};
    const answer = await enrol(at, {
      device,
      devices: [],
      nonce,
      possession: possession(device, { origin, nonce }),
      ...token,
    });
    expect(answer).toMatchObject({ status: 403, body: { code: 'enrolment-refused' } });
  });

  it('does not give a device that has a key in force to another key', async () => {
    const [owner, thief] = [makeDevice(), makeDevice()];
    await enrol(at, { device: owner, devices: ['the safe'] });
    expect(await enrol(at, { device: thief, devices: ['the safe'] })).toMatchObject({
      status: 409,
      body: { code: 'enrolment-conflict' },
    });
  });

  it('takes a one-time token once, for the devices that it names', async () => {
    const invited = await post(`${at.url}/v1/invites`, { devices: ['meter 7'] }, asAdmin);
    expect(invited.status).toBe(201);
    const token = String(invited.body['token']);
    const device = makeDevice();
    expect(await enrol(at, { device, devices: ['meter 8'], token })).toMatchObject({ status: 403 });
    expect(await enrol(at, { device, devices: ['meter 7'], token })).toMatchObject({ status: 201 });
    expect(await enrol(at, { device: makeDevice(), devices: ['meter 7'], token })).toMatchObject({ status: 403 });
  });

  it('keeps no token as it is', async () => {
    const { body } = await post(`${at.url}/v1/invites`, {}, asAdmin);
    const rows = await openLedgerRows(receiver);
    onTestFinished(() => rows.close());
    const { rows: invites } = await rows.pool.query<{ text: string }>('SELECT invites::text AS text FROM invites');
    expect(invites.length).toBeGreaterThan(0);
    expect(invites.filter(({ text }) => text.includes(String(body['token'])))).toEqual([]);
  });

  it('names what is wrong with a malformed request', async () => {
    const answer = await post(`${at.url}/v1/keys`, {
      token: 't',
      public_key: 'AAAA',
      devices: [],
      nonce: 'x',
      possession: '',
    });
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toMatch(/public_key/);
  });
});

describe('rotation', () => {
  it('enrols the new key by the old one, which retires in the same commit', async () => {
    const [old, next] = [makeDevice('ecdsa-p256'), makeDevice()];
    await enrol(at, { device: old, devices: ['rotor'] });
    const [before] = await mustAccept(at.url, `[${old.envelope('{"device":"rotor","n":1}')}]`);
    const body = await rotationOf(at, { old, next, devices: ['rotor'] });
    const answer = await post(`${at.url}/v1/keys/${old.keyIdHex}/rotate`, body);
    expect(answer).toMatchObject({ status: 201, body: { key_id: next.keyIdHex, revoked_leaf: expect.any(Number) } });
    await mustAccept(at.url, `[${next.envelope('{"device":"rotor","n":2}')}]`);
    const late = await postReadings(at.url, `[${old.envelope('{"device":"rotor","n":3}')}]`);
    expect(late).toMatchObject({ statusCode: 403, errors: [{ code: 'key-revoked' }] });
    // What the old key signed before stays, and a retry of it still gets its receipt.
    const [again] = await mustAccept(at.url, `[${old.envelope('{"device":"rotor","n":1}')}]`);
    expect(again).toMatchObject({ leaf_index: before?.leaf_index, leaf_hash: before?.leaf_hash });
    expect(await validateChainOf(at.url)).toMatchObject({ valid: true });
  });

  it('refuses devices that the old key has not, and a signature by another key', async () => {
    const [old, next, stranger] = [makeDevice(), makeDevice(), makeDevice()];
    await enrol(at, { device: old, devices: ['own'] });
    const path = `${at.url}/v1/keys/${old.keyIdHex}/rotate`;
    expect(await post(path, await rotationOf(at, { old, next, devices: ['own', 'foreign'] }))).toMatchObject({
      status: 403,
    });
    const forged = { ...(await rotationOf(at, { old, next, devices: ['own'] })) };
    const nonce = String(forged['nonce']);
    forged['signature'] = signText(stranger, 'telltale-enrol-v1', at.origin, next.keyIdHex, '["own"]', nonce);
    expect(await post(path, forged)).toMatchObject({ status: 403 });
    expect(await post(`${at.url}/v1/keys/${stranger.keyIdHex}/rotate`, forged)).toMatchObject({ status: 404 });
  });
});

describe('revocation', () => {
  it('needs the admin token, stands in the log with its reason, and is told by the key', async () => {
    const device = makeDevice();
    await enrol(at, { device, devices: ['lost'] });
    const path = `${at.url}/v1/keys/${device.keyIdHex}/revoke`;
    expect(await post(path, { reason: 'stolen' })).toMatchObject({ status: 401, body: { code: 'not-authorized' } });
    const wrong = { authorization: `Bearer ${ADMIN_TOKEN}x` };
    expect(await post(path, { reason: 'stolen' }, wrong)).toMatchObject({ status: 401 });
    const revoked = await post(path, { reason: 'stolen' }, asAdmin);
    expect(revoked).toMatchObject({ status: 200, body: { leaf_index: expect.any(Number) } });
    expect(await post(path, { reason: 'again' }, asAdmin)).toMatchObject({ status: 409 });
    const told = await (await fetch(`${at.url}/v1/keys/${device.keyIdHex}`)).json();
    expect(told).toMatchObject({ devices: [{ device: 'lost' }], revoked_leaf: revoked.body['leaf_index'] });
    expect(await enrol(at, { device, devices: ['lost'] })).toMatchObject({ status: 409 });
    // The device is free for a new key.
    expect(await enrol(at, { device: makeDevice(), devices: ['lost'] })).toMatchObject({ status: 201 });
    expect(await validateChainOf(at.url)).toMatchObject({ valid: true });
  });

  it('can be made by the key itself', async () => {
    const device = makeDevice('rsa-pss');
    await enrol(at, { device, devices: [] });
    const nonce = await nonceOf(at.url);
    const signature = signText(device, 'telltale-revoke-v1', at.origin, device.keyIdHex, '"moved"', nonce);
    const path = `${at.url}/v1/keys/${device.keyIdHex}/revoke`;
    expect(await post(path, { reason: 'other', nonce, signature })).toMatchObject({ status: 403 });
    expect(await post(path, { reason: 'moved', nonce, signature })).toMatchObject({ status: 200 });
    expect(await validateChainOf(at.url)).toMatchObject({ valid: true });
  });

  it('is 404 for a key that no leaf enrols', async () => {
    const path = `${at.url}/v1/keys/${'ab'.repeat(32)}`;
    expect(await post(`${path}/revoke`, { reason: 'unknown' }, asAdmin)).toMatchObject({ status: 404 });
    expect((await fetch(path)).status).toBe(404);
  });
});

describe('open mode', () => {
  it('records a new key at first use, and refuses a revoked one', async () => {
    const open = await startTestReceiver({ variables: { ADMIN_TOKEN } });
    onTestFinished(() => open.stop());
    const device = makeDevice();
    await mustAccept(open.url, `[${device.envelope('{"device":"a"}')}]`);
    await post(`${open.url}/v1/keys/${device.keyIdHex}/revoke`, { reason: 'test' }, asAdmin);
    const late = await postReadings(open.url, `[${device.envelope('{"device":"b"}')}]`);
    expect(late).toMatchObject({ statusCode: 403, errors: [{ code: 'key-revoked' }] });
    expect(await validateChainOf(open.url)).toMatchObject({ valid: true });
  });
});

describe('two receivers with warm caches', () => {
  /** Rounds of the race: enough to meet every order of the two commits many times. */
  const ROUNDS = 25;

  it('accept nothing new after the leaf of a revocation, whichever of them revokes', async () => {
    const other = await startTestReceiver({ beside: receiver, variables: { ...STRICT, LEDGER_ORIGIN: at.origin } });
    onTestFinished(() => other.stop());
    const urls = [receiver.url, other.url];
    let refused = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const device = makeDevice();
      const name = `racer ${round}`;
      await enrol(at, { device, devices: [name] });
      const envelope = (n: number) => device.envelope(JSON.stringify({ device: name, n }));
      const before: (number | undefined)[] = [];
      for (const [n, url] of urls.entries()) before.push((await mustAccept(url, `[${envelope(n)}]`))[0]?.leaf_index);
      const revokeAt = `${urls[round % 2]}/v1/keys/${device.keyIdHex}/revoke`;
      const sent = Array.from({ length: 12 }, (_, n) => postReadings(urls[n % 2] ?? '', `[${envelope(10 + n)}]`));
      const [revoked, ...answers] = await Promise.all([post(revokeAt, { reason: 'race' }, asAdmin), ...sent]);
      expect(revoked.status).toBe(200);
      const leafIndex = Number(revoked.body['leaf_index']);
      for (const answer of answers) {
        if (answer.statusCode === 403) refused++;
        else expect(answer.receipts[0]?.leaf_index).toBeLessThan(leafIndex);
      }
      for (const url of urls) expect((await postReadings(url, `[${envelope(99)}]`)).statusCode).toBe(403);
      // What was accepted before still gets its receipt, from either of them.
      for (const url of urls) {
        const receipts = await mustAccept(url, `[${envelope(0)},${envelope(1)}]`);
        expect(receipts.map((receipt) => receipt.leaf_index)).toEqual(before);
      }
    }
    expect(refused).toBeGreaterThan(0);
    expect(await validateChainOf(at.url)).toMatchObject({ valid: true });
  });
});
