// Delivery against a receiver stand-in over HTTP, with waits that end by hand.

import { describe, expect, it } from 'vitest';
import type { Outbox } from './outbox.ts';
import { deliveryParts } from './testing/delivery-parts.ts';
import type { ReceiverStandIn, Script, SeenEnvelope } from './testing/receiver-stand-in.ts';

const setUp = deliveryParts();
const WAIT = { timeout: 10_000, interval: 5 };

const numbersOf = (envelopes: readonly SeenEnvelope[]) =>
  envelopes.map(({ data }) => (JSON.parse(data) as { n: number }).n);
const sizes = (receiver: ReceiverStandIn) => receiver.requests.map(({ length }) => length);
const isDone = (outbox: Outbox) => outbox.counts().waiting === 0;
const failure = (status: number, headers: Record<string, string> = {}): Script => ({
  kind: 'answer',
  status,
  body: { status: 'error', message: 'no' },
  headers,
});

describe('delivery', () => {
  it.each(['ed25519', 'ecdsa-p256', 'rsa-pss'] as const)(
    'sends the exact bytes, oldest first, in batches, and keeps the receipts (%s)',
    async (algorithm) => {
      const { receiver, outbox, delivery } = await setUp({ messages: 25, batchLimit: 10, algorithm });
      delivery.start();
      await expect.poll(() => isDone(outbox), WAIT).toBe(true);
      expect(sizes(receiver)).toEqual([10, 10, 5]);
      expect(receiver.requests[0]?.[3]?.data).toBe('{"n":  3.0}');
      expect(numbersOf(receiver.requests.flat())).toEqual(Array.from({ length: 25 }, (_, n) => n));
      expect(outbox.counts()).toEqual({ waiting: 0, deadLetters: 0, delivered: 25 });
      for (const [transactionId, { leafIndex }] of receiver.accepted) {
        const receipt: unknown = JSON.parse(outbox.receiptOf(Buffer.from(transactionId, 'hex')) ?? 'null');
        expect(receipt).toMatchObject({ transaction_id: transactionId, leaf_index: leafIndex });
      }
    },
  );

  it('is woken by new messages', async () => {
    const { receiver, outbox, delivery, add } = await setUp({ messages: 1 });
    delivery.start();
    await expect.poll(() => delivery.status().state === 'idle' && isDone(outbox), WAIT).toBe(true);
    await add(1, 2);
    delivery.wake();
    await expect.poll(() => isDone(outbox), WAIT).toBe(true);
    expect(sizes(receiver)).toEqual([1, 2]);
  });

  it.each(['ed25519', 'ecdsa-p256'] as const)(
    'sends again after a lost answer and gets the receipts of the first acceptance (%s)',
    async (algorithm) => {
      const { receiver, outbox, delivery, manual } = await setUp({ messages: 3, algorithm });
      receiver.script = (_envelopes, index) => ({ kind: index === 0 ? 'lose-answer' : 'accept' });
      delivery.start();
      await expect.poll(() => manual.waits, WAIT).toEqual([500]);
      expect(outbox.counts().waiting).toBe(3);
      manual.release();
      await expect.poll(() => isDone(outbox), WAIT).toBe(true);
      expect(receiver.accepted.size).toBe(3);
    },
  );

  it('puts the named messages among the dead letters and sends the others at once', async () => {
    const { receiver, outbox, delivery, manual } = await setUp({ messages: 5 });
    receiver.script = (envelopes) => {
      const errors = numbersOf(envelopes).flatMap((n, position) =>
        n === 1 || n === 3 ? [{ position, code: 'signature-wrong', message: `message ${n}` }] : [],
      );
      if (errors.length === 0) return { kind: 'accept' };
      return { kind: 'answer', status: 400, body: { status: 'error', message: 'no', errors } };
    };
    delivery.start();
    await expect.poll(() => isDone(outbox), WAIT).toBe(true);
    expect(receiver.requests.map(numbersOf)).toEqual([
      [0, 1, 2, 3, 4],
      [0, 2, 4],
    ]);
    expect(outbox.counts()).toEqual({ waiting: 0, deadLetters: 2, delivered: 3 });
    const letters = outbox.deadLetters({ before: 1000, limit: 10 });
    expect(letters.map(({ code, reason }) => [code, reason])).toEqual([
      ['signature-wrong', 'message 3'],
      ['signature-wrong', 'message 1'],
    ]);
    expect(manual.waits).toEqual([]);
  });

  it.each([400, 413])('finds the one message that a %i without positions is about', async (status) => {
    const { receiver, outbox, delivery, manual } = await setUp({ messages: 16 });
    receiver.script = (envelopes) => (numbersOf(envelopes).includes(11) ? failure(status) : { kind: 'accept' });
    delivery.start();
    await expect.poll(() => isDone(outbox), WAIT).toBe(true);
    expect(outbox.counts()).toEqual({ waiting: 0, deadLetters: 1, delivered: 15 });
    expect(manual.waits).toEqual([]);
  });

  it.each([
    ['7', 7000],
    ['Fri, 02 Jan 2026 03:04:15 GMT', 10_000],
    ['0', 500],
  ])('waits as long as Retry-After: %s says', async (header, waitMs) => {
    const { receiver, outbox, delivery, manual } = await setUp({ messages: 1 });
    receiver.script = (_envelopes, index) => {
      if (index === 0) return failure(503, { 'retry-after': header });
      return index === 1 ? failure(429, { 'retry-after': header }) : { kind: 'accept' };
    };
    delivery.start();
    await expect.poll(() => manual.waits, WAIT).toEqual([waitMs]);
    manual.release();
    await expect.poll(() => manual.waits, WAIT).toEqual([waitMs, waitMs]);
    manual.release();
    await expect.poll(() => isDone(outbox), WAIT).toBe(true);
  });

  it('backs off further and further while the receiver is away, and goes on when it is back', async () => {
    const { receiver, outbox, delivery, manual } = await setUp({ messages: 2 });
    await receiver.stop();
    delivery.start();
    for (const waits of [[500], [500, 1000], [500, 1000, 2000]]) {
      await expect.poll(() => manual.waits, WAIT).toEqual(waits);
      if (waits.length < 3) manual.release();
    }
    expect(delivery.status()).toMatchObject({
      state: 'waiting',
      failures: 3,
      lastError: { message: 'the receiver cannot be reached: ECONNREFUSED' },
    });
    await receiver.start();
    manual.release();
    await expect.poll(() => isDone(outbox), WAIT).toBe(true);
    await expect.poll(() => delivery.status().failures, WAIT).toBe(0);
  });

  it.each<[string, Script]>([
    ['a 500', failure(500)],
    ['a 403 that names nobody', failure(403)],
    ['a 404 of another server', { kind: 'answer', status: 404, body: 'not here' }],
    ['a 400 of another server', { kind: 'answer', status: 400, body: '<html>' }],
    ['a 200 without receipts', { kind: 'answer', status: 200, body: { status: 'success' } }],
    ['too few receipts', { kind: 'answer', status: 200, body: { status: 'success', receipts: [] } }],
    [
      'a position that was not sent',
      {
        kind: 'answer',
        status: 400,
        body: { status: 'error', message: 'no', errors: [{ position: 2, code: 'x', message: 'y' }] },
      },
    ],
    ['a redirect', { kind: 'answer', status: 307, body: '', headers: { location: '/elsewhere' } }],
    [
      'a receipt for another message',
      { kind: 'accept-but', change: (receipt) => ({ ...receipt, transaction_id: '00' }) },
    ],
    ['a receipt for another leaf', { kind: 'accept-but', change: (receipt) => ({ ...receipt, received_at: 1 }) }],
    ['a receipt signed by nobody', { kind: 'accept-but', change: (receipt) => ({ ...receipt, signature: '' }) }],
  ])('keeps every message after %s and tries again later', async (_name, script) => {
    const { receiver, outbox, delivery, manual } = await setUp({ messages: 2 });
    receiver.script = (_envelopes, index) => (index === 0 ? script : { kind: 'accept' });
    delivery.start();
    await expect.poll(() => manual.waits, WAIT).toEqual([500]);
    expect(outbox.counts()).toEqual({ waiting: 2, deadLetters: 0, delivered: 0 });
    manual.release();
    await expect.poll(() => isDone(outbox), WAIT).toBe(true);
    expect(outbox.counts().delivered).toBe(2);
  });

  it('stores the right receipts of an answer, keeps the other messages, and lets fresh ones pass them', async () => {
    const { receiver, outbox, delivery, manual, add } = await setUp({ messages: 2, batchLimit: 2 });
    const bad = '{"n":  0.0}';
    const badId = () => [...receiver.accepted].find(([, { data }]) => data === bad)?.[0];
    receiver.script = () => ({
      kind: 'accept-but',
      change: (receipt) => (receipt['transaction_id'] === badId() ? { ...receipt, leaf_hash: '00' } : receipt),
    });
    delivery.start();
    await expect.poll(() => manual.pending, WAIT).toBe(1);
    await add(2, 3);
    manual.release();
    await expect.poll(() => outbox.counts(), WAIT).toEqual({ waiting: 1, deadLetters: 0, delivered: 4 });
    expect(delivery.status().lastError?.message).toContain('receipt-malformed');
  });

  it.each(['ecdsa-p256', 'rsa-pss'] as const)(
    'gives up a message that was signed again and always gets the receipt of its first signature, and delays no other (%s)',
    async (algorithm) => {
      const { receiver, outbox, delivery, manual, add, errorLines } = await setUp({
        messages: 2,
        algorithm,
        receiptsKept: 1,
      });
      delivery.start();
      await expect.poll(() => outbox.counts(), WAIT).toEqual({ waiting: 0, deadLetters: 0, delivered: 2 });
      // The receipt of message 0 is pruned by now, so the outbox takes the same bytes with a new signature.
      await add(0, 1);
      delivery.wake();
      const waits: number[] = [];
      for (const [index, waitMs] of [500, 1000, 2000, 4000].entries()) {
        waits.push(waitMs);
        await expect.poll(() => manual.waits, WAIT).toEqual(waits);
        await add(10 + index, 1);
        delivery.wake();
        await expect.poll(() => outbox.counts(), WAIT).toEqual({ waiting: 1, deadLetters: 0, delivered: 3 + index });
        expect(manual.pending).toBe(1);
        manual.release();
      }
      await expect.poll(() => outbox.counts(), WAIT).toEqual({ waiting: 0, deadLetters: 1, delivered: 6 });
      expect(manual.waits).toEqual(waits);
      expect(receiver.requests.filter((request) => numbersOf(request).includes(0))).toHaveLength(6);
      expect(delivery.status()).toMatchObject({ state: 'idle', failures: 0 });
      expect(errorLines).toHaveLength(1);

      const [letter] = outbox.deadLetters({ before: 1000, limit: 10 });
      const [[transactionId, first] = []] = receiver.accepted;
      expect(letter).toMatchObject({ transactionIdHex: transactionId, code: 'receipt-unmatched' });
      expect(JSON.parse(letter?.receiptJson ?? 'null')).toMatchObject({ leaf_index: 0, leaf_hash: first?.leafHash });
    },
  );

  it('makes no dead letter of receipts that the ledger did not sign, however often they come', async () => {
    const { receiver, outbox, delivery, manual } = await setUp({ messages: 1 });
    receiver.script = () => ({ kind: 'accept-but', change: (receipt) => ({ ...receipt, leaf_hash: '00'.repeat(32) }) });
    delivery.start();
    for (let round = 1; round <= 7; round += 1) {
      await expect.poll(() => manual.waits, WAIT).toHaveLength(round);
      manual.release();
    }
    expect(outbox.counts()).toEqual({ waiting: 1, deadLetters: 0, delivered: 0 });
  });

  it('gives up a request that is not answered in time', async () => {
    const { receiver, outbox, delivery, manual } = await setUp({ messages: 1, timeoutMs: 500 });
    receiver.script = (_envelopes, index) => ({ kind: index === 0 ? 'silence' : 'accept' });
    delivery.start();
    await expect.poll(() => manual.waits, WAIT).toEqual([500]);
    expect(delivery.status().lastError?.message).toBe('the receiver did not answer in time');
    manual.release();
    await expect.poll(() => outbox.counts().delivered, { timeout: 10_000, interval: 5 }).toBe(1);
  });
});
