// A run of blocks as it is planned before it is mined: which leaves, which log roots, which tiles. Pure; the sealer does the rest.

import type { Tile, TileEdge } from '@telltale/ledger';
import type { HashedLeaf } from './hashed-leaf.ts';
import type { MiningTarget } from './mine-run.ts';

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
