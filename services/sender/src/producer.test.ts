// Readings into a real outbox: seq counters and the limit.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadDeviceKey } from './key-file.ts';
import { openOutbox } from './outbox.ts';
import { Producer } from './producer.ts';
import { createSimulatedSensor } from './sensors/simulated-sensor.ts';
import { createSigner } from './signer.ts';
import { temporaryFolders } from './testing/temporary-folder.ts';

const newFolder = temporaryFolders();

async function setUp(outboxLimit: number) {
  const folder = newFolder();
  const outbox = openOutbox({ file: join(folder, 'outbox.sqlite'), receiptsKept: 10, nowUs: () => 0 });
  const signer = createSigner(await loadDeviceKey({ path: join(folder, 'key.pem'), algorithm: undefined }));
  const sensor = createSimulatedSensor({ deviceCount: 2, nowMs: () => 1500, randomInt: (min) => min });
  const waiting = () => outbox.oldest({ limit: 100, sizeBytes: 1_000_000, sizeOf: () => 1 });
  return { outbox, waiting, producer: new Producer({ sensor, signer, outbox, outboxLimit }) };
}

describe('the producer', () => {
  it('appends to each reading the next seq of its device, across batches', async () => {
    const { producer, waiting, outbox } = await setUp(100);
    await producer.produce(3);
    await producer.produce(2);
    expect(waiting().map(({ message }) => Buffer.from(message).toString())).toEqual([
      '{"device": "Raspberry Pi 1", "distance": 50, "timestamp": 1.5, "seq": 0}',
      '{"device": "Raspberry Pi 2", "distance": 50, "timestamp": 1.5, "seq": 0}',
      '{"device": "Raspberry Pi 1", "distance": 50, "timestamp": 1.5, "seq": 1}',
      '{"device": "Raspberry Pi 2", "distance": 50, "timestamp": 1.5, "seq": 1}',
      '{"device": "Raspberry Pi 1", "distance": 50, "timestamp": 1.5, "seq": 2}',
    ]);
    outbox.close();
  });

  it('skips and counts readings when the outbox is full, drops nothing, and goes on when there is room', async () => {
    const { producer, waiting, outbox } = await setUp(3);
    await producer.produce(2);
    await producer.produce(2);
    expect(producer.status()).toEqual({ produced: 3, skipped: 1 });
    const [first] = waiting();
    if (first !== undefined)
      outbox.settle({
        receipted: [],
        refused: [{ message: first, code: 'x', reason: 'y' }],
        postponed: [],
        unmatched: [],
      });
    await producer.produce(2);
    // Dead letters take room too: they are kept.
    expect(producer.status()).toEqual({ produced: 3, skipped: 3 });
    outbox.settle({
      receipted: waiting().map((message) => ({ message, receiptJson: '{}' })),
      refused: [],
      postponed: [],
      unmatched: [],
    });
    await producer.produce(5);
    expect(producer.status()).toEqual({ produced: 5, skipped: 6 });
    // No seq is lost by skipping.
    expect([outbox.nextSeq('Raspberry Pi 1'), outbox.nextSeq('Raspberry Pi 2')]).toEqual([3, 2]);
    outbox.close();
  });
});
