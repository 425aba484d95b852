// What a dishonest or careless receiver could seal against the rules: a ledger whose last block holds these leaves, all work, hashes and
// signatures of its own in order.

import { readingLeaf } from '../../../ledger/src/testing/chain-builder.ts';
import type { SigningKey } from '../../../ledger/src/testing/signing-key.ts';
import { DEVICE, DEVICE_KEY, remineLedger, type SmallLedger, START_US } from './small-ledger.ts';

/** When the leaves of the added block were received: later than all of the ledgers of small-ledger.ts with up to 60 blocks. */
export const ADDED_AT_US = START_US + 60_000_000;

/** The ledger with one block more. */
export function withBlockOf(ledger: SmallLedger, leaves: readonly Uint8Array[]): SmallLedger {
  const added = { leaves, timestampUs: ADDED_AT_US + 1_000_000, difficultyBits: 1 };
  return remineLedger(ledger, (blocks) => [...blocks, added]);
}

/** A reading for the added block, of the ledger's own device and signed by its key where a test does not say otherwise. */
export function addedReading(
  reading: { by?: SigningKey; device?: string; message?: string; receivedAtUs?: number } = {},
) {
  const { by = DEVICE_KEY, device = DEVICE, receivedAtUs = ADDED_AT_US } = reading;
  const message = reading.message ?? JSON.stringify({ device, seq: 1000, temperature: 21 });
  return readingLeaf({ by, message, receivedAtUs });
}
