// MERGE (peering.md 2.4): after a partition there may be two rings, and Chord alone never joins them. Every so often a node asks one that
// it has no pointer to for the neighbours of its own place there; better ones go through the ordinary transitions.

import { startLookup } from './lookup.ts';
import type { Found } from './lookup-state.ts';
import type { Turn } from './turn.ts';

/** The period has come. Nodes under suspicion are asked, too: after a partition they are the ones. */
export function startMerge(turn: Turn): void {
  const { mode, roster, pointers, fingers, self } = turn.state;
  if (mode !== 'member') return;
  const known = new Set([self.id, pointers.predecessor, ...pointers.successors, ...fingers]);
  const via = turn.pick([...roster.keys()].filter((id) => !known.has(id)));
  if (via !== undefined) startLookup(turn, { key: self.id, purpose: { kind: 'merge' }, via: [via] });
}

/** What the other ring, or the own one, has around this node's place. It is asked again before any of it becomes a pointer. */
export function endMerge(turn: Turn, found: Found | null): void {
  const { mode, pointers, self, roster } = turn.state;
  const head = pointers.successors[0];
  if (!found || mode !== 'member' || head === undefined) return;
  const next = found.successors[0];
  const { between } = turn.rules;
  if (next !== undefined && next !== self.id && roster.has(next) && between(self.id, next, head)) {
    turn.update({ mergeSuccessor: next });
  }
  if (found.id !== self.id && (pointers.predecessor === null || between(pointers.predecessor, found.id, self.id))) {
    turn.update({ mergePredecessor: found.id });
  }
}
