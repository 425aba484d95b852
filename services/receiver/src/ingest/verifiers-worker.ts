// A thread of the verifiers: takes bodies, gives readings; takes batches of a log's signatures, gives the first wrong one. It knows no database and no
// clock.

import { parentPort, workerData } from 'node:worker_threads';
import { BatchChecker, type PackedBatch } from '@telltale/signature-threads';
import { type ItemFault, ReceiverError, type ReceiverErrorCode } from '../errors.ts';
import { KeyCache } from './key-cache.ts';
import { type CheckedReading, type PackedReadings, packReadings } from './verified-reading.ts';
import { verifyBody } from './verify-body.ts';

/** What crosses to a thread: bodies one behind the other, each up to its end. */
export interface BodiesToVerify {
  readonly bytes: ArrayBuffer;
  readonly ends: readonly number[];
}

/** What comes back: an outcome for each body, and the readings of all that were verified, in order. */
export interface VerifiedBodies {
  readonly outcomes: readonly (
    | { readonly kind: 'verified'; readonly readings: number }
    | {
        readonly kind: 'refused';
        readonly code: ReceiverErrorCode;
        readonly message: string;
        readonly faults: readonly ItemFault[];
      }
  )[];
  readonly packed: PackedReadings;
}

const { maxEnvelopes } = workerData as { maxEnvelopes: number };
const context = { keys: new KeyCache(), maxEnvelopes };
const checker = new BatchChecker();

parentPort?.on('message', (message: BodiesToVerify | PackedBatch) => {
  if ('ends' in message) verifyBodies(message);
  else parentPort?.postMessage(checker.firstWrong(message));
});

function verifyBodies({ bytes, ends }: BodiesToVerify): void {
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
}
