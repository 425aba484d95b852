// A stored leaf as the account of devices sees it. Kept apart are the two times that it holds: what the device's clock said, and when the
// receiver took it. The third one, when it was sealed, is its block's.

import { decodeLeaf, LEAF_KIND, ownDevice, parseReading } from '@telltale/ledger';
import { ReceiverError } from '../errors.ts';
import type { StoredLeaf } from '../store/leaf-store.ts';

export interface DeviceReading {
  /** The device that it speaks for, the key's own where the message names none. */
  readonly device: string;
  readonly leafIndex: number;
  /** The receiver's clock. */
  readonly receivedAtUs: number;
  readonly seq?: number | undefined;
  /** Of a list with more than one sequence number: all of them, in order. */
  readonly seqs?: readonly number[] | undefined;
  /** The device's clock; absent where the message says no time. */
  readonly deviceTimeUs?: number | undefined;
}

/** The reading of a leaf, undefined for registry leaves. Throws `edge-mismatch` for what no receiver may have accepted. */
export function readDeviceReading({ leafIndex, leaf: bytes }: StoredLeaf): DeviceReading | undefined {
  const leaf = decodeLeaf(bytes);
  if (!leaf.ok) throw unreadable(leafIndex, leaf.message);
  const { kind, keyId, message, receivedAtUs } = leaf.value;
  if (kind !== LEAF_KIND.reading) return undefined;
  const reading = parseReading(message);
  if (!reading.ok) throw unreadable(leafIndex, reading.message);
  return { ...reading.value, device: reading.value.device ?? ownDevice(keyId), leafIndex, receivedAtUs };
}

function unreadable(leafIndex: number, message: string): ReceiverError {
  return new ReceiverError('edge-mismatch', `leaf ${leafIndex} cannot be read, the database was altered: ${message}`);
}
