// A run of blocks as it is planned before it is mined: which leaves, which log roots, which tiles. Pure; the sealer does the rest.

import { type Hash, LEAF_KIND, leafHash, type Tile, type TileEdge, viewOf } from '@telltale/ledger';
import { type DeviceReading, readDeviceReading } from '../devices/device-reading.ts';
import { ReceiverError } from '../errors.ts';
import type { StoredLeaf } from '../store/leaf-store.ts';
import type { PendingLeaf } from './batch-rule.ts';
import type { MiningTarget } from './mine-run.ts';

/** A pending leaf, as much of it as sealing needs. */
export interface HashedLeaf extends PendingLeaf {
  readonly hash: Hash;
  /** Of kind 1: what its device is accounted with. */
  readonly reading?: DeviceReading;
}

/** A run of blocks to be mined, with what sealing all of them leaves behind. */
export interface Plan {
  readonly sizes: readonly number[];
  readonly targets: readonly MiningTarget[];
  readonly edge: TileEdge;
  readonly tiles: readonly Tile[];
}

/** Plans blocks of these sizes over the oldest pending leaves. `base.edge` is the log's edge before them and stays as it is. */
export function planRun(
  base: { readonly edge: TileEdge; readonly pending: readonly HashedLeaf[] },
  sizes: readonly number[],
): Plan {
  const edge = base.edge.copy();
  const tiles: Tile[] = [];
  const targets: MiningTarget[] = [];
  let at = 0;
  for (const size of sizes) {
    const leaves = base.pending.slice(at, at + size);
    for (const leaf of leaves) tiles.push(...edge.append(leaf.hash));
    const lastReceivedAtUs = leaves.at(-1)?.receivedAtUs ?? 0;
    targets.push({ logRoot: edge.root(), logSize: edge.size, lastReceivedAtUs });
    at += size;
  }
  return { sizes, targets, edge, tiles };
}

/** A stored leaf as sealing sees it. Whether its signature is right the verifier says. Throws `edge-mismatch` for what cannot be read. */
export function hashLeaf(stored: StoredLeaf): HashedLeaf {
  const { leaf } = stored;
  const kind = Object.values(LEAF_KIND).find((known) => known === leaf[0]);
  if (kind === undefined) throw new ReceiverError('edge-mismatch', `a leaf of kind ${leaf[0]} is stored`);
  const reading = readDeviceReading(stored);
  const receivedAtUs = Number(viewOf(leaf).getBigUint64(2));
  return { kind, receivedAtUs, hash: leafHash(leaf), ...(reading && { reading }) };
}
