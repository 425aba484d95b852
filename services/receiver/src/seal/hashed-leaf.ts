// A pending leaf, as much of it as sealing needs: made from a stored leaf, or handed over by whoever has just accepted it.

import { type Hash, LEAF_KIND, leafHash, viewOf } from '@telltale/ledger';
import { type DeviceReading, readDeviceReading } from '../devices/device-reading.ts';
import { ReceiverError } from '../errors.ts';
import type { StoredLeaf } from '../store/leaf-store.ts';
import type { PendingLeaf } from './batch-rule.ts';

export interface HashedLeaf extends PendingLeaf {
  readonly leafIndex: number;
  readonly hash: Hash;
  /** Of kind 1: what its device is accounted with. */
  readonly reading?: DeviceReading;
}

/** A stored leaf as sealing sees it. Whether its signature is right the verifier says. Throws `edge-mismatch` for what cannot be read. */
export function hashLeaf(stored: StoredLeaf): HashedLeaf {
  const { leafIndex, leaf } = stored;
  const kind = Object.values(LEAF_KIND).find((known) => known === leaf[0]);
  if (kind === undefined) throw new ReceiverError('edge-mismatch', `a leaf of kind ${leaf[0]} is stored`);
  const reading = readDeviceReading(stored);
  const receivedAtUs = Number(viewOf(leaf).getBigUint64(2));
  return { kind, leafIndex, receivedAtUs, hash: leafHash(leaf), ...(reading && { reading }) };
}
