// Receipts and replays: what a sender may rely on, asked of a real receiver over HTTP.

import { createHash } from 'node:crypto';
import fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LedgerRows, openLedgerRows } from '../testing/ledger-rows.ts';
import { mustAccept, postReadings, type TestReceipt, validateChainOf } from '../testing/post-readings.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';
import { receiveDataRoute } from './receive-data.ts';

let receiver: TestReceiver;
let rows: LedgerRows;
beforeAll(async () => {
  receiver = await startTestReceiver({ variables: { BLOCK_MAX_WAIT_MS: '50' } });
  rows = openLedgerRows(receiver);
});
afterAll(async () => {
  await rows.close();
  await receiver.stop();
});

/** What must be the same however often a message is sent. */
const placeOf = ({ transaction_id, leaf_index, leaf_hash, received_at }: TestReceipt) => ({
  transaction_id,
  leaf_index,
  leaf_hash,
  received_at,
});
const algorithms = ['ed25519', 'ecdsa-p256', 'rsa-pss'] as const;

describe('a receipt', () => {
  it.each(algorithms)('for %s is signed by the ledger and speaks of the leaf that is stored', async (algorithm) => {
    const device = makeDevice(algorithm);
    const texts = ['{"device":"a","distance":1.50}', '{ "device" : "a" }', '{"distance":"\\u00e4"}'];
    const receipts = await mustAccept(receiver.url, `[${texts.map((text) => device.envelope(text)).join(', ')}]`);
    const leaves = await rows.leaves();
    expect(receipts).toHaveLength(3);
    for (const [i, receipt] of receipts.entries()) {
      const text = texts[i] ?? '';
      expect(await rows.isSigned(receipt)).toBe(true);
      expect(await rows.isSigned({ ...receipt, leaf_index: receipt.leaf_index + 1 })).toBe(false);
      const id = createHash('sha256').update(Buffer.from(device.keyIdHex, 'hex')).update(text).digest('hex');
      expect(receipt.transaction_id).toBe(id);
      expect(receipt.block_index).toBeUndefined();
      const stored = leaves[receipt.leaf_index]?.leaf;
      expect(Buffer.from(stored?.message ?? []).toString()).toBe(text);
      expect(stored?.receivedAtUs).toBe(receipt.received_at);
      expect(receipt.seal_by).toBeGreaterThan(receipt.received_at);
    }
  });

  it('is given for one envelope that is not in an array', async () => {
    expect(await postReadings(receiver.url, makeDevice().envelope('{}'))).toMatchObject({
      statusCode: 200,
      status: 'success',
      message: 'Data added to blockchain',
      receipts: [{ position: 0 }],
    });
  });

  it('comes in the order of the envelopes, with leaf indexes in that order', async () => {
    const device = makeDevice();
    const texts = Array.from({ length: 20 }, (_, n) => `{"device":"order","n":${n}}`);
    const receipts = await mustAccept(receiver.url, `[${texts.map(device.envelope).join(',')}]`);
    const first = receipts[0]?.leaf_index ?? Number.NaN;
    expect(receipts.map((receipt) => receipt.leaf_index)).toEqual(texts.map((_, n) => first + n));
  });
});

describe('a message sent again', () => {
  it.each(algorithms)('with a key of %s has the same place, also with another signature', async (algorithm) => {
    const device = makeDevice(algorithm);
    const text = `{"device":"again","algorithm":"${algorithm}"}`;
    const [first] = await mustAccept(receiver.url, device.envelope(text));
    const before = await rows.counts();
    const [again] = await mustAccept(receiver.url, device.envelope(text));
    if (!first || !again) throw new Error('a receipt is missing');
    expect(placeOf(again)).toEqual(placeOf(first));
    expect(await rows.isSigned(again)).toBe(true);
    expect(await rows.counts()).toEqual(before);
  });

  it.each(algorithms)('within one request with a key of %s shares one leaf', async (algorithm) => {
    const device = makeDevice(algorithm);
    const before = await rows.counts();
    const envelopes = [1, 2, 1, 1].map((n) => device.envelope(`{"device":"within","n":${n}}`));
    const receipts = await mustAccept(receiver.url, `[${envelopes.join(',')}]`);
    const [a, b, ...rest] = receipts.map(placeOf);
    expect(rest).toEqual([a, a]);
    expect(b).not.toEqual(a);
    for (const receipt of receipts) expect(await rows.isSigned(receipt)).toBe(true);
    // Two readings and the first use of their device.
    expect((await rows.counts()).leaves).toBe(before.leaves + 3);
  });

  it('by another key, or spelled otherwise, is another transaction', async () => {
    const [one, other] = [makeDevice(), makeDevice()];
    const receipts = await mustAccept(
      receiver.url,
      `[${one.envelope('{"n":1}')},${other.envelope('{"n":1}')},${one.envelope('{"n": 1}')}]`,
    );
    expect(new Set(receipts.map((receipt) => receipt.transaction_id)).size).toBe(3);
    expect(new Set(receipts.map((receipt) => receipt.leaf_index)).size).toBe(3);
  });

  it('in many requests at once has one leaf', async () => {
    const device = makeDevice('ecdsa-p256');
    const before = await rows.counts();
    const body = () => `[${device.envelope('{"device":"race","n":1}')},${device.envelope('{"device":"race","n":2}')}]`;
    const all = await Promise.all(Array.from({ length: 30 }, () => mustAccept(receiver.url, body())));
    const places = all.map((receipts) => receipts.map(placeOf));
    for (const place of places) expect(place).toEqual(places[0]);
    expect((await rows.counts()).leaves).toBe(before.leaves + 3);
  });

  it('after a restart, sealed or not, has the same place', async () => {
    const device = makeDevice('rsa-pss');
    const envelopes = [1, 2, 3].map((n) => device.envelope(`{"device":"restart","n":${n}}`));
    const body = `[${envelopes.join(',')}]`;
    // The third of them waits: blocks hold two readings.
    await receiver.restart({ BLOCK_MAX_WAIT_MS: '0' });
    const first = (await mustAccept(receiver.url, body)).map(placeOf);
    const before = await rows.counts();
    await receiver.restart();
    expect((await mustAccept(receiver.url, body)).map(placeOf)).toEqual(first);
    await receiver.restart({ BLOCK_MAX_WAIT_MS: '50' });
    const sealed = await mustAccept(receiver.url, body, '?wait=sealed');
    expect(sealed.map(placeOf)).toEqual(first);
    expect(sealed.every((receipt) => receipt.block_index !== undefined)).toBe(true);
    expect((await mustAccept(receiver.url, body)).map(placeOf)).toEqual(first);
    expect(await rows.counts()).toEqual(before);
  });

  it('is never sealed twice', async () => {
    const device = makeDevice();
    const text = '{"device":"once","mark":"only-once"}';
    for (let i = 0; i < 3; i++) await mustAccept(receiver.url, device.envelope(text), '?wait=sealed');
    const chain = await (await fetch(`${receiver.url}/get_chain`)).text();
    expect(chain.split('only-once')).toHaveLength(2);
    const { leaves, transactions } = await rows.counts();
    expect(await validateChainOf(receiver.url)).toMatchObject({ valid: true, leaves, fault: null });
    expect(transactions).toBe(leaves);
  });
});

describe('wait', () => {
  it('=sealed gives the receipts alone after 30 s', async () => {
    const [receipt] = await mustAccept(receiver.url, makeDevice().envelope('{}'));
    if (!receipt) throw new Error('a receipt is missing');
    const waits: number[] = [];
    const app = fastify();
    receiveDataRoute(app, {
      maxBodyBytes: 1_024,
      receive: async () => [receipt],
      requireQuorum: () => undefined,
      untilReplicated: async () => undefined,
      untilSealed: async (_, timeoutMs) => {
        waits.push(timeoutMs);
        return undefined;
      },
    });
    const request = { method: 'POST', url: '/receive_data?wait=sealed', payload: [] } as const;
    const response = await app.inject(request);
    await app.close();
    expect(response.json()).toEqual({ status: 'success', message: 'Data added to blockchain', receipts: [receipt] });
    expect(waits).toEqual([30_000]);
  });

  it('=sealed answers with the block of each reading', async () => {
    const device = makeDevice();
    const body = `[${[1, 2, 3, 4, 5].map((n) => device.envelope(`{"device":"wait","n":${n}}`)).join(',')}]`;
    const receipts = await mustAccept(receiver.url, body, '?wait=sealed');
    const { rows: blocks } = await rows.pool.query<{ block_index: bigint; log_size: bigint }>(
      'SELECT block_index, log_size FROM blocks ORDER BY block_index',
    );
    for (const receipt of receipts) {
      const block = blocks.find(({ log_size }) => log_size > receipt.leaf_index);
      expect(receipt.block_index).toBe(Number(block?.block_index));
      expect(await rows.isSigned(receipt)).toBe(true);
    }
    expect(new Set(receipts.map((receipt) => receipt.block_index)).size).toBeGreaterThan(1);
  });

  it.each(['?wait=other', '?wait=', '?wait=sealed&wait=sealed'])('%s is refused and stores nothing', async (query) => {
    const before = await rows.counts();
    const answer = await postReadings(receiver.url, makeDevice().envelope('{}'), { query });
    expect(answer).toMatchObject({ statusCode: 400, status: 'error', errors: [{ position: null }] });
    expect(await rows.counts()).toEqual(before);
  });

  it('=sealed is answered with the receipts alone when the receiver stops before the block is full', async () => {
    const other = await startTestReceiver({ variables: { BLOCK_MAX_WAIT_MS: '0' } });
    const otherRows = openLedgerRows(other);
    try {
      const answer = postReadings(other.url, makeDevice().envelope('{}'), { query: '?wait=sealed' });
      await expect.poll(async () => (await otherRows.counts()).leaves, { timeout: 10_000 }).toBe(2);
      await otherRows.close();
      await other.stop();
      const { statusCode, receipts } = await answer;
      expect(statusCode).toBe(200);
      expect(receipts).toHaveLength(1);
      expect(receipts[0]?.block_index).toBeUndefined();
      // A block that may wait for ever promises no time.
      expect(receipts[0]?.seal_by).toBe(0);
    } finally {
      await other.stop();
    }
  });
});
