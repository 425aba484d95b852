// A thread of the verifiers: takes bodies, gives readings. It knows no database and no clock.

import { parentPort, workerData } from 'node:worker_threads';
import { ReceiverError } from '../errors.ts';
import { KeyCache } from './key-cache.ts';
import { type CheckedReading, packReadings } from './verified-reading.ts';
import type { BodiesToVerify, VerifiedBodies } from './verifiers.ts';
import { verifyBody } from './verify-body.ts';

const { maxEnvelopes } = workerData as { maxEnvelopes: number };
const context = { keys: new KeyCache(), maxEnvelopes };

parentPort?.on('message', ({ bytes, ends }: BodiesToVerify) => {
  const readings: CheckedReading[] = [];
  const whole = new Uint8Array(bytes);
  const outcomes = ends.map((end, i): VerifiedBodies['outcomes'][number] => {
    try {
      const verified = verifyBody(whole.subarray(ends[i - 1] ?? 0, end), context);
      for (const reading of verified) readings.push(reading);
      return { kind: 'verified', readings: verified.length };
    } catch (error) {
      if (!(error instanceof ReceiverError)) throw error;
      const { code, message, faults } = error;
      return { kind: 'refused', code, message, faults };
    }
  });
  const packed = packReadings(readings);
  // Nothing points into the bodies any more: their memory need not wait for a collection.
  bytes.transfer(0);
  const verified: VerifiedBodies = { outcomes, packed };
  parentPort?.postMessage(verified, [packed.bytes, packed.table.buffer]);
});
