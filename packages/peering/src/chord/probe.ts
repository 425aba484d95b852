// A node without a ring asks around, round after round: is there a ring to join, and if not, who else has none?

import type { NodeId } from '../node-id.ts';
import { propose } from './form.ts';
import { isJoining, startJoin } from './join.ts';
import type { ChordReply } from './messages.ts';
import type { Probe } from './state.ts';
import type { Turn } from './turn.ts';

/** In a round so many nodes with the lowest identifiers are asked, among whom are the founders, and so many others. Bounds what a large
 * roster costs; every roster of up to 33 nodes is asked wholly. A guess. */
const LOWEST_ASKED = 16;
const OTHERS_ASKED = 16;

/** The period has come. */
export function startProbe(turn: Turn): void {
  const { mode, founding, probe, roster, self } = turn.state;
  if (mode === 'member' || mode === 'leaving') return;
  turn.wake('probe', turn.timings.probeMs);
  if (founding || probe || isJoining(turn.state)) return;
  const others = [...roster.keys()].filter((id) => id !== self.id).sort();
  const asked = [...others.slice(0, LOWEST_ASKED), ...turn.sample(others.slice(LOWEST_ASKED), OTHERS_ASKED)];
  const round = turn.state.nextCall;
  const opened: Probe = { round, awaited: asked.length, founders: [], members: [], isAnyoneFounding: false };
  turn.update({ probe: opened });
  if (asked.length === 0) {
    endRound(turn, opened);
    return;
  }
  for (const peer of asked) turn.call({ t: 'chord.ping', body: {} }, { kind: 'probe', peer, round });
}

/** A node of the round has answered, or not. The first member that answers ends the round. */
export function endProbe(turn: Turn, asked: { peer: NodeId; round: number }, reply: ChordReply | null): void {
  const { probe } = turn.state;
  if (probe?.round !== asked.round) return;
  const heard = { ...probe, awaited: probe.awaited - 1, ...whatPongSays(probe, asked.peer, reply) };
  turn.update({ probe: heard });
  if (heard.members.length > 0 || heard.awaited === 0) endRound(turn, heard);
}

function endRound(turn: Turn, { founders, members, isAnyoneFounding }: Probe): void {
  turn.update({ probe: null });
  if (turn.state.founding) return;
  const member = turn.pick(members);
  if (member !== undefined) {
    startJoin(turn, member);
    return;
  }
  turn.update({ reached: founders, mode: turn.state.mode === 'joining' ? 'forming' : turn.state.mode });
  if (!isAnyoneFounding) propose(turn);
}

function whatPongSays(probe: Probe, peer: NodeId, reply: ChordReply | null): Partial<Probe> {
  if (reply?.t !== 'chord.pong') return {};
  const { mode, isFounding } = reply.body;
  if (mode === 'member') return { members: [...probe.members, peer] };
  if (mode !== 'forming' && mode !== 'isolated') return {};
  return { founders: [...probe.founders, peer], isAnyoneFounding: probe.isAnyoneFounding || isFounding };
}
