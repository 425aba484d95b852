// The typed client against a running receiver: what it sends is taken, and what it gets is what its types say.

import { answerOf, createClient, pagesOf } from '@telltale/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mustAccept } from '../../services/receiver/src/testing/post-readings.ts';
import { makeDevice } from '../../services/receiver/src/testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../../services/receiver/src/testing/test-receiver.ts';

const DEVICES = ['a', 'Kühlraum/2', 'c&d=e', 'f g'];
const BOUNDS = { timeoutMs: 30_000, maxAnswerBytes: 1024 * 1024 };

let receiver: TestReceiver;
beforeAll(async () => {
  receiver = await startTestReceiver({ variables: { TRANSACTIONS_PER_BLOCK: '3' } });
  const device = makeDevice();
  const texts = Array.from({ length: 12 }, (_, i) => JSON.stringify({ device: DEVICES[i % DEVICES.length], seq: i }));
  await mustAccept(receiver.url, `[${texts.map((text) => device.envelope(text)).join(',')}]`, '?wait=sealed');
});
afterAll(() => receiver.stop());

it('reads every page of a filtered list', async () => {
  const client = createClient(receiver.url, BOUNDS);
  const query = { device: 'c&d=e', limit: 2 };
  const pages = pagesOf((next) => client.GET('/v1/readings', { params: { query }, ...next }));
  const seqs: (number | null)[] = [];
  for await (const { readings } of pages) seqs.push(...readings.map(({ seq }) => seq));
  expect(seqs).toEqual([2, 6, 10]);
});

it('reads pages whose key needs percent encoding', async () => {
  const client = createClient(`${receiver.url}/`, BOUNDS);
  const names: string[] = [];
  const pages = pagesOf((next) => client.GET('/v1/devices', { params: { query: { limit: 1 } }, ...next }));
  for await (const { devices } of pages) names.push(...devices.map(({ device }) => device));
  expect(names).toEqual(DEVICES.toSorted());
  for (const device of names) {
    const one = await answerOf(client.GET('/v1/devices/{device}', { params: { path: { device } } }));
    expect(one).toMatchObject({ device, readings: 3 });
  }
});

it('throws what the receiver refuses, with its code', async () => {
  const client = createClient(receiver.url, BOUNDS);
  const asked = client.GET('/v1/readings/{transaction_id}', { params: { path: { transaction_id: '0'.repeat(64) } } });
  await expect(asked).rejects.toMatchObject({ name: 'ProblemError', status: 404, code: 'reading-not-found' });
  await expect(client.POST('/v1/invites', { body: { expires_in_s: 60 } })).rejects.toMatchObject({
    status: 401,
    code: 'not-authorized',
  });
});
