// Where a node sends whoever looks for a key: nobody (the key is its own), an owner among its successors, or nodes nearer to the key.

import type { between, NodeId } from '../node-id.ts';
import type { Pointers } from './pointers.ts';

export interface Route {
  readonly isMine: boolean;
  /** Known nodes strictly between this one and the key, the nearest to the key first. */
  readonly closer: readonly NodeId[];
  /** Successors at or after the key, nearest first: the first owns the key unless it died or another joined before it. */
  readonly owners: readonly NodeId[];
}

/** How many nearer nodes an answer names: the best, and one for each of a few that may have died. A guess. */
const CLOSER_NAMED = 4;

interface Place {
  readonly pointers: Pointers;
  readonly fingers: readonly NodeId[];
  readonly between: typeof between;
}

export function routeFrom({ pointers, fingers, between }: Place, key: NodeId): Route {
  const { self, predecessor, successors } = pointers;
  const isMine = key === self || (predecessor !== null && between(predecessor, key, self));
  const first = successors.findIndex((id) => id === key || between(self, key, id));
  const inside = [...successors, ...fingers].filter((id) => between(self, id, key));
  const nearestFirst = inside.sort((a, b) => -clockwise(self, a, b));
  return {
    isMine,
    closer: nearestFirst.filter((id, i) => id !== nearestFirst[i - 1]).slice(0, CLOSER_NAMED),
    owners: first < 0 ? [] : successors.slice(first),
  };
}

/** Sorts identifiers by how far they are from `origin`, going clockwise. */
export function clockwise(origin: NodeId, a: NodeId, b: NodeId): number {
  if (a === b) return 0;
  if (a > origin !== b > origin) return a > origin ? -1 : 1;
  return a < b ? -1 : 1;
}
