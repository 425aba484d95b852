// Enrolment against a receiver stand-in over HTTP, with waits that end by hand.

import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { Enrolment } from './enrolment.ts';
import { createEnrolmentClient } from './enrolment-client.ts';
import { type KeyAlgorithm, loadDeviceKey } from './key-file.ts';
import { openOutbox } from './outbox.ts';
import { createSigner } from './signer.ts';
import { ManualDelay } from './testing/manual-delay.ts';
import { ReceiverStandIn } from './testing/receiver-stand-in.ts';
import { temporaryFolders } from './testing/temporary-folder.ts';

const newFolder = temporaryFolders();
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const NOW_MS = Date.parse('2026-01-02T03:04:05Z');
const WAIT = { timeout: 10_000, interval: 5 };

type Options = { devices?: readonly string[]; origin?: string; token?: string; algorithm?: KeyAlgorithm };

/** A receiver, and enrolments of one key with one outbox: each call of `begin` is another start of the sender. */
async function setUp(key: { algorithm?: KeyAlgorithm } = {}) {
  const folder = newFolder();
  const receiver = new ReceiverStandIn();
  await receiver.start();
  ends.push(() => receiver.stop());
  const outbox = openOutbox({ file: join(folder, 'outbox.sqlite'), receiptsKept: 10, nowUs: () => NOW_MS * 1000 });
  ends.push(() => outbox.close());
  const signer = createSigner(await loadDeviceKey({ path: join(folder, 'key.pem'), algorithm: key.algorithm }));
  const keyIdHex = Buffer.from(signer.key.keyId).toString('hex');
  const begin = (options: Options = {}) => {
    const manual = new ManualDelay();
    const stopping = new AbortController();
    const log: { level: number; msg: string; reason?: string }[] = [];
    const receiverUrl = receiver.url;
    const token = options.token ?? receiver.desk.token;
    const enrolment = new Enrolment({
      client: createEnrolmentClient({ receiverUrl, token, timeoutMs: 10_000, nowMs: () => NOW_MS }),
      enrolments: outbox.enrolments,
      signer,
      receiverUrl,
      devices: options.devices ?? ['fridge', 'cellar'],
      origin: options.origin,
      backoff: { baseMs: 500, capMs: 60_000, random: () => 1 },
      refusalBackoff: { baseMs: 60_000, capMs: 3_600_000, random: () => 1 },
      delay: manual.delay,
      logger: pino({ level: 'info' }, { write: (line) => log.push(JSON.parse(line)) }),
    });
    const done = enrolment.untilEnrolled(stopping.signal);
    ends.push(async () => {
      stopping.abort();
      await done;
    });
    return { enrolment, manual, log, done, stopping };
  };
  return { receiver, desk: receiver.desk, keyIdHex, begin };
}

const posts = (requests: readonly string[]) => requests.filter((request) => request === 'POST /v1/keys').length;

describe('enrolment', () => {
  it.each(['ed25519', 'ecdsa-p256', 'rsa-pss'] as const)(
    'enrols the key for its devices with a proof of possession (%s)',
    async (algorithm) => {
      const { desk, keyIdHex, begin } = await setUp({ algorithm });
      const { enrolment, done, log } = begin();
      expect(enrolment.status().state).toBe('waiting');
      await done;
      expect(enrolment.status()).toEqual({
        state: 'enrolled',
        devices: ['fridge', 'cellar'],
        failures: 0,
        reason: undefined,
      });
      expect([...(desk.enrolled.get(keyIdHex) ?? [])]).toEqual(['fridge', 'cellar']);
      expect(log.map(({ msg }) => msg)).toEqual(['key enrolled']);
    },
  );

  it('enrols a key that names no device', async () => {
    const { desk, keyIdHex, begin } = await setUp();
    await begin({ devices: [] }).done;
    expect(desk.enrolled.get(keyIdHex)).toEqual(new Set());
  });

  it('asks nobody at the next start', async () => {
    const { receiver, desk, begin } = await setUp();
    await begin().done;
    await receiver.stop();
    const count = desk.requests.length;
    const again = begin({ devices: ['cellar'] });
    await again.done;
    expect(again.enrolment.status().state).toBe('enrolled');
    expect(desk.requests).toHaveLength(count);
  });

  it('spends no token on a key that the receiver shows as enrolled', async () => {
    const { desk, keyIdHex, begin } = await setUp();
    desk.enrolled.set(keyIdHex, new Set(['cellar', 'fridge', 'attic']));
    await begin({ token: 'a-token-that-was-spent' }).done;
    expect(desk.requests).toEqual([`GET /v1/keys/${keyIdHex}`]);
  });

  it('enrols only the devices that are missing, as many in a request as the receiver takes', async () => {
    const { desk, keyIdHex, begin } = await setUp();
    desk.enrolled.set(keyIdHex, new Set(['Raspberry Pi 1']));
    await begin({ devices: Array.from({ length: 252 }, (_, index) => `Raspberry Pi ${index + 1}`) }).done;
    expect(desk.asked).toEqual([100, 100, 51]);
    expect(desk.enrolled.get(keyIdHex)?.size).toBe(252);
  });

  it('backs off further and further while the receiver is away, and enrols when it is back', async () => {
    const { receiver, begin } = await setUp();
    await receiver.stop();
    const { enrolment, manual, done, log } = begin();
    for (const waits of [[500], [500, 1000], [500, 1000, 2000]]) {
      await expect.poll(() => manual.waits, WAIT).toEqual(waits);
      if (waits.length < 3) manual.release();
    }
    expect(enrolment.status()).toMatchObject({
      state: 'waiting',
      failures: 3,
      reason: 'the receiver cannot be reached: ECONNREFUSED',
    });
    await receiver.start();
    manual.release();
    await done;
    expect(log.map(({ msg }) => msg)).toEqual(['enrolment waits for the receiver: readings wait', 'key enrolled']);
  });

  it.each([
    [{ status: 503, body: { title: 'busy', code: 'overloaded' }, headers: { 'retry-after': '7' } }, 7000],
    [{ status: 429, body: { title: 'slowly', code: 'too-many' }, headers: { 'retry-after': '0' } }, 500],
    [{ status: 403, body: '<html>' }, 500],
    [{ status: 200, body: {} }, 500],
    [{ status: 307, body: '', headers: { location: '/elsewhere' } }, 500],
  ])('tries again later when the receiver does not answer the question: %j', async (answer, waitMs) => {
    const { desk, begin } = await setUp();
    desk.script = ({ path }) => (path === '/v1/keys' ? answer : undefined);
    const { manual, done, enrolment } = begin();
    await expect.poll(() => manual.waits, WAIT).toEqual([waitMs]);
    expect(enrolment.status().state).toBe('waiting');
    desk.script = () => undefined;
    manual.release();
    await done;
  });

  it('says once that the token is refused, never says the token, and asks again slowly', async () => {
    const { desk, begin } = await setUp();
    const { manual, done, log, enrolment } = begin({ token: 'a-token-of-somebody-else' });
    await expect.poll(() => manual.waits, WAIT).toEqual([60_000]);
    manual.release();
    await expect.poll(() => manual.waits, WAIT).toEqual([60_000, 120_000]);
    // The stand-in repeats the token in its answer.
    expect(enrolment.status()).toMatchObject({ state: 'refused', failures: 2, reason: 'the token … is not known' });
    expect(log).toMatchObject([{ msg: 'enrolment refused: readings wait', reason: 'the token … is not known' }]);
    expect(JSON.stringify(log)).not.toContain('a-token-of-somebody-else');
    // Somebody enrols the key by hand.
    const [keyRequest = ''] = desk.requests;
    desk.enrolled.set(keyRequest.slice(-64), new Set(['fridge', 'cellar']));
    manual.release();
    await done;
    expect(log.at(-1)?.msg).toBe('key enrolled');
  });

  it('takes a conflict for success when the key turns out to be enrolled', async () => {
    const { desk, keyIdHex, begin } = await setUp();
    desk.script = ({ path }) => {
      if (path !== '/v1/keys') return undefined;
      desk.enrolled.set(keyIdHex, new Set(['fridge', 'cellar']));
      return { status: 409, body: { title: 'conflict', code: 'enrolment-conflict' } };
    };
    const { enrolment, done } = begin();
    await done;
    expect(enrolment.status().state).toBe('enrolled');
  });

  it('does not take a conflict for success when another key speaks for a device', async () => {
    const { desk, begin } = await setUp();
    const answer = { status: 409, body: { title: 'another key speaks for "fridge"', code: 'enrolment-conflict' } };
    desk.script = ({ path }) => (path === '/v1/keys' ? answer : undefined);
    const { enrolment, manual } = begin();
    await expect.poll(() => manual.waits, WAIT).toEqual([60_000]);
    expect(enrolment.status()).toMatchObject({ state: 'refused', reason: 'another key speaks for "fridge"' });
  });

  it('shows no token for a key that was revoked', async () => {
    const { desk, keyIdHex, begin } = await setUp();
    desk.enrolled.set(keyIdHex, new Set(['fridge', 'cellar']));
    desk.revoked.add(keyIdHex);
    const { enrolment, manual } = begin();
    await expect.poll(() => manual.waits, WAIT).toEqual([60_000]);
    expect(enrolment.status().reason).toContain('revoked');
    expect(posts(desk.requests)).toBe(0);
  });

  it('gets by with the origin that the operator named when the receiver tells none', async () => {
    const { desk, begin } = await setUp();
    desk.toldOrigin = undefined;
    await begin({ origin: desk.origin }).done;
    expect(posts(desk.requests)).toBe(1);
  });

  it('says what to set when nobody tells the origin', async () => {
    const { desk, begin } = await setUp();
    desk.toldOrigin = undefined;
    const { enrolment, manual } = begin();
    await expect.poll(() => manual.waits, WAIT).toEqual([60_000]);
    expect(enrolment.status()).toMatchObject({
      state: 'refused',
      reason: 'the receiver does not tell its ledger’s origin: set LEDGER_ORIGIN',
    });
  });

  it('signs nothing and shows no token for a ledger that the operator did not name', async () => {
    const { desk, begin } = await setUp();
    const { enrolment, manual } = begin({ origin: 'ledger.example' });
    await expect.poll(() => manual.waits, WAIT).toEqual([60_000]);
    expect(enrolment.status().reason).toContain('not "ledger.example"');
    expect(posts(desk.requests)).toBe(0);
  });

  it('signs no origin that would be more than one line', async () => {
    const { desk, begin } = await setUp();
    desk.toldOrigin = 'a\nb';
    const { manual } = begin();
    await expect.poll(() => manual.waits, WAIT).toEqual([500]);
    expect(posts(desk.requests)).toBe(0);
  });

  it('ends its wait when the sender stops', async () => {
    const { receiver, begin } = await setUp();
    await receiver.stop();
    const { enrolment, manual, stopping, done } = begin();
    await expect.poll(() => manual.pending, WAIT).toBe(1);
    stopping.abort();
    await done;
    expect(enrolment.status().state).toBe('waiting');
  });
});
