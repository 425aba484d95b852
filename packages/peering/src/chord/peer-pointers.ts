// What another node says of its pointers, as far as this node can use it.

import type { NodeId } from '../node-id.ts';
import type { Pointers } from './pointers.ts';
import type { ChordState } from './state.ts';

interface Claim {
  readonly predecessor: NodeId | null;
  readonly successors: readonly NodeId[];
}

/**
 * The claim with nodes that the roster does not have cut off: the list ends before the first of them. Leaving one out in the middle would
 * make a list that skips a member, which the invariant forbids; a shorter list never does.
 */
export function claimedPointers({ roster }: ChordState, peer: NodeId, claim: Claim): Pointers {
  const unknown = claim.successors.findIndex((id) => !roster.has(id));
  return {
    self: peer,
    predecessor: claim.predecessor !== null && roster.has(claim.predecessor) ? claim.predecessor : null,
    successors: unknown < 0 ? claim.successors : claim.successors.slice(0, unknown),
  };
}
