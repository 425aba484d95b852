// What the receiver's log says of requests at its most talkative: never what was signed, nor a key, nor a signature.

import type { Logger } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLog } from '../log.ts';
import { ADMIN_TOKEN, asAdmin, enrol, nonceOf, possession, post, STRICT } from '../testing/key-requests.ts';
import { openLedgerRows } from '../testing/ledger-rows.ts';
import { mustAccept, postReadings } from '../testing/post-readings.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver } from '../testing/test-receiver.ts';

/** A log that keeps its lines, everything in it. */
function keptLog(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  return { lines, log: createLog('trace', { write: (line) => void lines.push(line) }) };
}

describe('the log', () => {
  it('tells of a request that failed, and nothing of what any request held', async () => {
    const { log, lines } = keptLog();
    const receiver = await startTestReceiver({ log, variables: { LOG_LEVEL: 'trace', BLOCK_MAX_WAIT_MS: '50' } });
    onTestFinished(() => receiver.stop());
    const rows = openLedgerRows(receiver);
    onTestFinished(() => rows.close());
    // PostgreSQL puts the whole row that it refuses into the error's detail.
    await rows.pool.query(`ALTER TABLE leaves ADD CHECK (position('refused'::bytea IN leaf) = 0)`);

    const device = makeDevice();
    const texts = ['accepted', 'refused'].map((name) => `{"device":"private-device","name":"private-${name}"}`);
    const [accepted = '', refused = ''] = texts.map(device.envelope);
    await mustAccept(receiver.url, accepted, '?wait=sealed');
    expect((await postReadings(receiver.url, refused)).statusCode).toBe(503);
    expect((await postReadings(receiver.url, accepted.replace('private', 'Private'))).statusCode).toBe(400);
    expect((await postReadings(receiver.url, `${accepted}x`)).statusCode).toBe(400);

    const log503 = lines.find((line) => line.includes('request refused for now'));
    expect(JSON.parse(log503 ?? '{}')).toMatchObject({ level: 40, code: 'not-stored', err: { type: 'ReceiverError' } });
    const written = lines.join('').toLowerCase();
    const secrets = [
      'private-',
      Buffer.from('private-').toString('hex'),
      device.pem.split('\n')[1]?.toLowerCase() ?? 'no PEM',
      'begin public key',
      JSON.parse(accepted).signature.toLowerCase(),
    ];
    for (const secret of secrets) expect(written).not.toContain(secret);
  });

  it('says no token, right or wrong, and no proof of possession, whatever becomes of the request', async () => {
    const { log, lines } = keptLog();
    const origin = 'test.example/logs';
    const variables = { ...STRICT, LEDGER_ORIGIN: origin, LOG_LEVEL: 'trace', BLOCK_MAX_WAIT_MS: '50' };
    const receiver = await startTestReceiver({ log, variables });
    onTestFinished(() => receiver.stop());
    const rows = openLedgerRows(receiver);
    onTestFinished(() => rows.close());
    const at = { url: receiver.url, origin };
    const wrong = 'a-wrong-token-of-a-stranger';
    const asStranger = { authorization: `Bearer ${wrong}` };

    const device = makeDevice();
    const nonce = await nonceOf(at.url);
    const proof = possession(device, { origin, nonce });
    expect((await enrol(at, { device, devices: ['a'], nonce, possession: proof })).status).toBe(201);
    expect((await enrol(at, { device: makeDevice(), devices: ['b'], token: wrong })).status).toBe(403);
    const invited = await post(`${at.url}/v1/invites`, {}, asAdmin);
    expect((await post(`${at.url}/v1/invites`, {}, asStranger)).status).toBe(401);
    const oneTime = String(invited.body['token']);
    const revoke = `${at.url}/v1/keys/${device.keyIdHex}/revoke`;
    expect((await post(revoke, { reason: 'private-reason' }, asStranger)).status).toBe(401);
    expect((await post(revoke, { reason: 'private-reason' }, asAdmin)).status).toBe(200);
    const malformed = { method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"token":"${wrong}"` };
    expect((await fetch(`${at.url}/v1/keys`, malformed)).status).toBe(400);
    // PostgreSQL puts the row that it refuses into the error.
    await rows.pool.query('ALTER TABLE invites ADD CHECK (devices IS NULL)');
    await rows.pool.query('ALTER TABLE keys ADD CHECK (false) NOT VALID');
    expect((await post(`${at.url}/v1/invites`, { devices: ['private-device'] }, asAdmin)).status).toBe(500);
    expect((await enrol(at, { device: makeDevice(), devices: [], token: oneTime })).status).toBe(500);

    expect(lines.filter((line) => line.includes('request failed'))).toHaveLength(2);
    const written = lines.join('');
    const { ENROLLMENT_TOKEN } = STRICT;
    for (const secret of [ENROLLMENT_TOKEN, ADMIN_TOKEN, wrong, oneTime, proof, nonce, 'private-', 'PRIVATE KEY']) {
      expect(written).not.toContain(secret);
    }
  });

  it('warns at the start of a receiver that takes any key, and of no other', async () => {
    for (const [variables, warnings] of [
      [{}, 1],
      [STRICT, 0],
    ] as const) {
      const { log, lines } = keptLog();
      const receiver = await startTestReceiver({ log, variables });
      await receiver.stop();
      const warned = lines.filter((line) => line.includes('open: any key is accepted at its first use'));
      expect(warned.map((line) => JSON.parse(line).level)).toEqual(Array.from({ length: warnings }, () => 40));
    }
  });
});
