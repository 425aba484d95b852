// One body of signed readings, from its bytes to its receipts: the one way in, over HTTP and over MQTT.

import type { Receipt } from '@telltale/ledger';
import { ReceiverError } from '../errors.ts';
import type { GroupCommit } from './group-commit.ts';
import type { VerifiedReading } from './verified-reading.ts';
import type { Verifiers } from './verifiers.ts';

/**
 * Verifies and accepts a body, all of it or nothing: its receipts come once the readings are durable. Takes the body's memory with it.
 * `device`: what all its readings must be of, where the way by which they came says so. Throws ReceiverError.
 */
export type ReceiveBody = (body: Uint8Array, of?: { device: string }) => Promise<Receipt[]>;

/** `onRefused` hears why a body was not accepted. */
export function bodyReceiver(parts: {
  verifiers: Verifiers;
  commits: GroupCommit;
  onRefused: (error: unknown) => void;
}): ReceiveBody {
  const { verifiers, commits, onRefused } = parts;
  return async (body, of) => {
    try {
      const readings = await verifiers.verify(body);
      if (of !== undefined) requireDevice(readings, of.device);
      return await commits.submit(readings);
    } catch (error) {
      onRefused(error);
      throw error;
    }
  };
}

/** Whoever may write to a device's topic at the broker may not thereby bring readings of another device. */
function requireDevice(readings: readonly VerifiedReading[], device: string): void {
  const message = 'the reading is not of the device that its topic names';
  const faults = readings
    .filter((reading) => reading.device !== device)
    .map(({ position }) => ({ position, code: 'device-not-of-topic', message }));
  const [first] = faults;
  if (first) throw new ReceiverError('envelopes-forbidden', `item ${first.position}: ${message}`, { faults });
}
