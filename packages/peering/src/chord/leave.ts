// LEAVE (peering.md 2.4): the neighbours hear at once what they would otherwise find out after three missed pings. For the proof a leave is
// a failure that is known early; the lists heal by the ordinary transitions. Moving what the node keeps is replication's task, before this.

import type { NodeId } from '../node-id.ts';
import { smallestRing } from './ring-size.ts';
import { contactsOf, membersSeen } from './ring-view.ts';
import { startStabilize } from './stabilize.ts';
import type { Turn } from './turn.ts';

/** Tells the neighbours. The effect `left` follows when all have heard it or cannot. */
export function startLeave(turn: Turn): void {
  const { mode, pointers, roster } = turn.state;
  if (mode === 'leaving') return;
  turn.update({ mode: 'leaving', step: null, founding: null, probe: null, fingerRound: null, lookups: new Map() });
  const told = new Set(contactsOf(roster, [pointers.predecessor, ...pointers.successors]).map(({ id }) => id));
  for (const peer of told) turn.call({ t: 'chord.leaving', body: {} }, { kind: 'leave', peer });
  if (told.size === 0) endLeave(turn);
}

/** A neighbour has heard it, or cannot. */
export function endLeave(turn: Turn): void {
  if ([...turn.state.calls.values()].some(({ kind }) => kind === 'leave')) return;
  turn.effects.push({ kind: 'left', isRingTooSmall: membersSeen(turn.state) - 1 < smallestRing(turn.r) });
}

/** A neighbour leaves, or the transport is certain that it is gone. */
export function loseNode(turn: Turn, id: NodeId): void {
  turn.suspect(id);
  if (turn.state.pointers.successors[0] === id) startStabilize(turn);
}
