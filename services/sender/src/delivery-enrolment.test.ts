// Delivery for a sender that enrols itself: nothing goes out too early, and no refusal for want of an enrolment costs a message.

import { describe, expect, it } from 'vitest';
import type { Outbox } from './outbox.ts';
import { deliveryParts } from './testing/delivery-parts.ts';
import type { ReceiverStandIn } from './testing/receiver-stand-in.ts';

const setUp = deliveryParts();
const WAIT = { timeout: 10_000, interval: 5 };
const isDone = (outbox: Outbox) => outbox.counts().waiting === 0;

describe('delivery with a key to enrol', () => {
  const refuseAll = (code: string): ReceiverStandIn['script'] => {
    return (envelopes) => {
      const errors = envelopes.map((_, position) => ({ position, code, message: 'enrol it first' }));
      return { kind: 'answer', status: 403, body: { status: 'error', message: 'no', errors } };
    };
  };
  const refuseUnlessEnrolled = (receiver: ReceiverStandIn, keyIdHex: string): void => {
    const refuse = refuseAll('key-unknown');
    receiver.script = (envelopes, index) =>
      receiver.desk.enrolled.has(keyIdHex) ? { kind: 'accept' } : refuse(envelopes, index);
  };

  it('sends nothing before the key is enrolled', async () => {
    const { receiver, outbox, delivery, manual, keyIdHex } = await setUp({ messages: 3, isEnrolling: true });
    refuseUnlessEnrolled(receiver, keyIdHex);
    receiver.desk.script = ({ path }) => (path === '/v1/keys' ? { status: 503, body: 'busy' } : undefined);
    delivery.start();
    await expect.poll(() => manual.waits, WAIT).toEqual([300]);
    expect(delivery.status().state).toBe('waiting');
    expect(receiver.requests).toEqual([]);
    receiver.desk.script = () => undefined;
    manual.release();
    await expect.poll(() => isDone(outbox), WAIT).toBe(true);
    expect(outbox.counts()).toEqual({ waiting: 0, deadLetters: 0, delivered: 3 });
  });

  it('enrols again and buries no message when the receiver has another ledger now', async () => {
    const { receiver, outbox, delivery, manual, add, keyIdHex } = await setUp({ messages: 1, isEnrolling: true });
    refuseUnlessEnrolled(receiver, keyIdHex);
    delivery.start();
    await expect.poll(() => isDone(outbox), WAIT).toBe(true);
    receiver.desk.enrolled.clear();
    await add(1, 2);
    delivery.wake();
    await expect.poll(() => manual.waits, WAIT).toEqual([500]);
    expect(outbox.counts()).toMatchObject({ waiting: 2, deadLetters: 0 });
    manual.release();
    await expect.poll(() => isDone(outbox), WAIT).toBe(true);
    expect(outbox.counts()).toEqual({ waiting: 0, deadLetters: 0, delivered: 3 });
  });

  it('buries what is refused although the key is enrolled as it should be', async () => {
    const { receiver, outbox, delivery } = await setUp({ messages: 2, isEnrolling: true });
    receiver.script = refuseAll('device-not-enrolled');
    delivery.start();
    await expect.poll(() => isDone(outbox), WAIT).toBe(true);
    expect(outbox.counts().deadLetters).toBe(2);
  });

  it('keeps what is refused while the receiver does not say how the key stands', async () => {
    const { receiver, outbox, delivery, manual } = await setUp({ messages: 2, isEnrolling: true });
    receiver.script = (envelopes, index) => {
      receiver.desk.script = () => ({ status: 500, body: 'broken' });
      return refuseAll('key-unknown')(envelopes, index);
    };
    delivery.start();
    await expect.poll(() => manual.waits, WAIT).toEqual([500]);
    expect(outbox.counts()).toMatchObject({ waiting: 2, deadLetters: 0 });
  });
});
