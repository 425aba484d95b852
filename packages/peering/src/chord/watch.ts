// Failure detection (peering.md 2.4, rule (d)): neighbours are pinged, and those that miss three pings, or say that they are no members,
// come under suspicion. Suspicion drops no successor: it makes the next step come at once, lets RECTIFY skip its ping, and puts a node last
// in lookups.

import type { NodeId } from '../node-id.ts';
import { loseNode } from './leave.ts';
import type { ChordReply } from './messages.ts';
import { isMemberPong } from './rectify.ts';
import { contactsOf } from './ring-view.ts';
import { MISSED_PINGS } from './settings.ts';
import type { Turn } from './turn.ts';

/** The period has come: pings each neighbour. */
export function pingNeighbours(turn: Turn): void {
  const { mode, roster, pointers, missedPings } = turn.state;
  if (mode !== 'member') return;
  const watched = new Set(contactsOf(roster, [pointers.predecessor, ...pointers.successors]).map(({ id }) => id));
  turn.update({ missedPings: new Map([...missedPings].filter(([id]) => watched.has(id))) });
  for (const peer of watched) turn.call({ t: 'chord.ping', body: {} }, { kind: 'watch', peer });
}

/** A neighbour has answered, or not. A founder that has not installed its pointers yet is about to be a member. */
export function endPing(turn: Turn, peer: NodeId, reply: ChordReply | null): void {
  if (isMemberPong(reply)) {
    turn.hear(peer);
    return;
  }
  if (reply?.t === 'chord.pong') {
    if (!reply.body.isFounding) loseNode(turn, peer);
    return;
  }
  const missed = (turn.state.missedPings.get(peer) ?? 0) + 1;
  turn.update({ missedPings: new Map(turn.state.missedPings).set(peer, missed) });
  if (missed >= MISSED_PINGS) loseNode(turn, peer);
}
