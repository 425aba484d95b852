// Who may enrol and administer: one-time tokens and nonces when many come at once or too late, and a receiver without ADMIN_TOKEN.

import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { asAdmin, enrol, nonceOf, post, STRICT } from '../testing/key-requests.ts';
import { type LedgerRows, openLedgerRows } from '../testing/ledger-rows.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';

let receiver: TestReceiver;
let rows: LedgerRows;
let at: { url: string; origin: string };
beforeAll(async () => {
  receiver = await startTestReceiver({ variables: { ...STRICT, LEDGER_ORIGIN: 'test.example/tokens' } });
  rows = openLedgerRows(receiver);
  at = { url: receiver.url, origin: 'test.example/tokens' };
});
afterAll(async () => {
  await rows.close();
  await receiver.stop();
});

async function invite(body: object = {}): Promise<string> {
  const { status, body: answer } = await post(`${at.url}/v1/invites`, body, asAdmin);
  expect(status).toBe(201);
  return String(answer['token']);
}

describe('a one-time token', () => {
  it('enrols one key, however many come with it at once, to two receivers', async () => {
    const other = await startTestReceiver({ beside: receiver, variables: { ...STRICT, LEDGER_ORIGIN: at.origin } });
    onTestFinished(() => other.stop());
    for (let round = 0; round < 5; round++) {
      const token = await invite();
      const answers = await Promise.all(
        Array.from({ length: 6 }, (_, n) => {
          const { url } = n % 2 === 0 ? receiver : other;
          return enrol({ url, origin: at.origin }, { device: makeDevice(), devices: [], token });
        }),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 403, 403, 403, 403, 403]);
    }
  });

  it('is worth nothing once its time is over', async () => {
    const token = await invite({ expires_in_s: 3_600 });
    await rows.pool.query(`UPDATE invites SET expires_at = expires_at - interval '3601 seconds'`);
    expect(await enrol(at, { device: makeDevice(), devices: [], token })).toMatchObject({
      status: 403,
      body: { code: 'enrolment-refused' },
    });
  });

  it('is not spent by an enrolment that is refused for something else', async () => {
    const token = await invite();
    const device = makeDevice();
    expect(await enrol(at, { device, devices: [], token, nonce: 'ab'.repeat(32) })).toMatchObject({ status: 403 });
    expect(await enrol(at, { device, devices: [], token })).toMatchObject({ status: 201 });
  });
});

describe('a nonce', () => {
  it('is worth nothing once its time is over', async () => {
    const nonce = await nonceOf(at.url);
    await rows.pool.query(`UPDATE enrolment_nonces SET expires_at = expires_at - interval '601 seconds'`);
    expect(await enrol(at, { device: makeDevice(), devices: [], nonce })).toMatchObject({ status: 403 });
  });

  it('is not given while 10,000 wait to be signed, and again when they have run out', async () => {
    await rows.pool.query(
      `INSERT INTO enrolment_nonces SELECT sha256(n::text::bytea), clock_timestamp() + interval '1 hour' FROM generate_series(1, 10000) AS n`,
    );
    expect(await post(`${at.url}/v1/keys/nonce`, undefined)).toMatchObject({
      status: 503,
      body: { code: 'overloaded' },
    });
    await rows.pool.query(`UPDATE enrolment_nonces SET expires_at = expires_at - interval '2 hours'`);
    expect(await enrol(at, { device: makeDevice(), devices: [] })).toMatchObject({ status: 201 });
  });
});

describe('a receiver without ADMIN_TOKEN', () => {
  it.each(['Bearer undefined', 'Bearer ', 'Bearer x'])('lets nobody invite or revoke: %j', async (authorization) => {
    const open = await startTestReceiver();
    onTestFinished(() => open.stop());
    const refused = { status: 401, body: { code: 'not-authorized' } };
    expect(await post(`${open.url}/v1/invites`, {}, { authorization })).toMatchObject(refused);
    const revoke = `${open.url}/v1/keys/${'ab'.repeat(32)}/revoke`;
    expect(await post(revoke, { reason: 'test' }, { authorization })).toMatchObject(refused);
  });
});
