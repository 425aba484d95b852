// What others may see of a node's place in the ring: status pages, logs, replication.

import type { Contact } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import type { ChordMode } from './messages.ts';
import type { ChordState, Roster } from './state.ts';

/** Successors clockwise, at most r; fingers distinct, far ones first. */
export interface RingView {
  readonly self: Contact;
  readonly mode: ChordMode;
  readonly predecessor: Contact | null;
  readonly successors: readonly Contact[];
  readonly fingers: readonly Contact[];
}

export function ringView(state: ChordState): RingView {
  const { self, mode, pointers, fingers, roster } = state;
  return {
    self,
    mode,
    predecessor: contactsOf(roster, [pointers.predecessor])[0] ?? null,
    successors: contactsOf(roster, pointers.successors),
    fingers: contactsOf(roster, fingers),
  };
}

/** How many members this node has seen: itself and its distinct pointers. */
export function membersSeen({ self, pointers, fingers }: ChordState): number {
  const seen = new Set([self.id, ...pointers.successors, ...fingers]);
  if (pointers.predecessor !== null) seen.add(pointers.predecessor);
  return seen.size;
}

/** Where these nodes listen; those that the roster no longer has are left out. */
export function contactsOf(roster: Roster, ids: readonly (NodeId | null)[]): Contact[] {
  return ids.flatMap((id) => (id === null ? [] : (roster.get(id) ?? [])));
}
