// RECTIFY (peering.md 2.4): a node says that it may be our predecessor. The best candidate waits until no step is open; a predecessor that
// answers is replaced by a nearer one only.

import type { NodeId } from '../node-id.ts';
import type { ChordReply } from './messages.ts';
import { isUsable } from './state.ts';
import type { Turn } from './turn.ts';

/** NOTIFY from a node that the transport has authenticated, which is thereby alive. */
export function keepCandidate(turn: Turn, candidate: NodeId): void {
  turn.hear(candidate);
  const { notified, self } = turn.state;
  if (notified === null || turn.rules.between(notified, candidate, self.id)) turn.update({ notified: candidate });
}

/** Judges a candidate that was heard in this step. Opens a step if the predecessor must be asked. */
export function rectify(turn: Turn, candidate: NodeId): void {
  const { pointers } = turn.state;
  const verdict = turn.rules.judgeCandidate(pointers, candidate);
  if (verdict === 'keep' || !turn.state.roster.has(candidate)) return;
  if (verdict === 'take' || pointers.predecessor === null || !isUsable(turn.state, pointers.predecessor)) {
    takePredecessor(turn, candidate);
    return;
  }
  turn.open({ kind: 'rectify-predecessor', peer: pointers.predecessor, candidate }, { t: 'chord.ping', body: {} });
}

/** The predecessor has answered the ping, or not. */
export function endRectify(
  turn: Turn,
  { predecessor, candidate }: { predecessor: NodeId; candidate: NodeId },
  reply: ChordReply | null,
): void {
  if (isMemberPong(reply)) {
    turn.hear(predecessor);
    return;
  }
  turn.suspect(predecessor);
  takePredecessor(turn, candidate);
}

/** The candidate that MERGE found has answered the ping, or not. */
export function endRectifyCandidate(turn: Turn, candidate: NodeId, reply: ChordReply | null): void {
  if (!isMemberPong(reply)) return;
  turn.hear(candidate);
  rectify(turn, candidate);
}

export function isMemberPong(reply: ChordReply | null): boolean {
  return reply?.t === 'chord.pong' && reply.body.mode === 'member';
}

function takePredecessor(turn: Turn, predecessor: NodeId): void {
  turn.point({ ...turn.state.pointers, predecessor });
}
