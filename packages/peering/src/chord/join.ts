// JOIN (peering.md 2.4): find the node before one's own place, take its successors as one's own, and stabilise at once. Until others have
// seen the new member it is an appendage, which the proof allows. Also what a new member starts.

import type { NodeId } from '../node-id.ts';
import { startLookup } from './lookup.ts';
import type { Found } from './lookup-state.ts';
import type { ChordReply } from './messages.ts';
import { claimedPointers } from './peer-pointers.ts';
import type { Pointers } from './pointers.ts';
import { startStabilize } from './stabilize.ts';
import type { ChordState } from './state.ts';
import type { Turn } from './turn.ts';

/** Others that are asked where the member that was found leads nowhere, as a lying one does: by chance, so that rounds differ. A guess. */
const OTHERS_ASKED = 4;

/** A member was found: joins through it. */
export function startJoin(turn: Turn, member: NodeId): void {
  const { roster, self } = turn.state;
  const others = turn.sample(
    [...roster.keys()].filter((id) => id !== self.id && id !== member),
    OTHERS_ASKED,
  );
  turn.update({ mode: 'joining', probe: null });
  startLookup(turn, { key: self.id, purpose: { kind: 'join' }, via: [member, ...others] });
}

/** The lookup has ended. Without a result the next round of pings tries again. */
export function continueJoin(turn: Turn, found: Found | null): void {
  if (!found || turn.state.mode !== 'joining' || turn.state.step) return;
  turn.open({ kind: 'join', peer: found.id }, { t: 'chord.state', body: {} });
}

/** The node before this one's place has answered with its pointers, or not: then, too, the next round tries again. */
export function endJoin(turn: Turn, p: NodeId, reply: ChordReply | null): void {
  if (reply?.t !== 'chord.pointers' || turn.state.mode !== 'joining') return;
  const claimed = claimedPointers(turn.state, p, reply.body);
  const pointers = turn.rules.joinAfter(turn.state.self.id, claimed, turn.r);
  if (!pointers) return;
  turn.hear(p);
  becomeMember(turn, pointers);
  startStabilize(turn);
}

/** Whether an attempt to join is under way. */
export function isJoining({ step, lookups }: ChordState): boolean {
  return step?.kind === 'join' || [...lookups.values()].some(({ purpose }) => purpose.kind === 'join');
}

/** This node has pointers into a ring: its periods begin. */
export function becomeMember(turn: Turn, pointers: Pointers): void {
  turn.update({ mode: 'member', pointers, founding: null, probe: null, busyInARow: 0 });
  turn.wake('stabilize', turn.timings.stabilizeMs);
  turn.wake('ping', turn.timings.pingMs);
  turn.wake('merge', turn.timings.mergeMs);
  // Once the neighbours know of this node.
  turn.wake('fingers', 2 * turn.timings.stabilizeMs);
}
