// FORM (peering.md 2.4): r + 1 nodes that reach each other and know of no ring found one together, never fewer: a ring that starts from one
// node is where original Chord first breaks. The lowest identifier proposes the sorted list, all consent, each installs its pointers.

import type { NodeId } from '../node-id.ts';
import { becomeMember } from './join.ts';
import { type ChordReply, OK, REFUSED } from './messages.ts';
import { areIdsEqual } from './pointers.ts';
import type { Turn } from './turn.ts';

/** How often an installation is sent. A founder that never got it finds the ring by its next round of pings, and joins. A guess. */
const INSTALL_TRIES = 3;

/** After a whole round of pings: proposes, if this node is the lowest of enough. */
export function propose(turn: Turn): void {
  const { self, reached } = turn.state;
  const members = [self.id, ...reached].sort().slice(0, turn.rules.smallestRing(turn.r));
  if (members.length < turn.rules.smallestRing(turn.r) || members[0] !== self.id) return;
  const others = members.slice(1);
  const proposal = turn.state.nextCall;
  turn.update({ founding: { kind: 'proposing', proposal, members, awaited: others.length } });
  if (others.length === 0) {
    install(turn, members);
    return;
  }
  for (const peer of others) turn.call({ t: 'chord.form', body: { members } }, { kind: 'form', peer, proposal });
}

/** Another node proposes: consents if the list is what this node itself would found with. */
export function consent(turn: Turn, proposer: NodeId, members: readonly NodeId[]): ChordReply {
  const { mode, founding, self, reached, roster } = turn.state;
  if (founding || (mode !== 'forming' && mode !== 'isolated')) return REFUSED;
  const isList = members.length === turn.rules.smallestRing(turn.r) && isAscending(members);
  const isReached = members.every((id) => id === self.id || id === proposer || reached.includes(id));
  const isOurs = members[0] === proposer && members.includes(self.id) && members.every((id) => roster.has(id));
  if (!isList || !isReached || !isOurs) return REFUSED;
  turn.update({ founding: { kind: 'promised', members, proposer } });
  turn.wake('promise', turn.timings.promiseMs);
  return OK;
}

/** A founder has consented, or not: then there is no ring of this proposal, and those who consented are told, or forget it in time. */
export function endConsent(turn: Turn, proposal: number, reply: ChordReply | null): void {
  const { founding, roster } = turn.state;
  if (founding?.kind !== 'proposing' || founding.proposal !== proposal) return;
  if (reply?.t !== 'chord.ok') {
    turn.update({ founding: null });
    for (const peer of founding.members.slice(1)) {
      if (roster.has(peer)) turn.call({ t: 'chord.forget', body: {} }, { kind: 'tell', peer });
    }
    return;
  }
  const awaited = founding.awaited - 1;
  turn.update({ founding: { ...founding, awaited } });
  if (awaited === 0) install(turn, founding.members);
}

/** The proposer says that all have consented. */
export function takeInstallation(turn: Turn, proposer: NodeId, members: readonly NodeId[]): ChordReply {
  const { founding, mode } = turn.state;
  if (mode === 'member') return OK;
  if (founding?.kind !== 'promised' || founding.proposer !== proposer || !areIdsEqual(founding.members, members)) {
    return REFUSED;
  }
  found(turn, members);
  return OK;
}

/** An installation was answered, or has to be sent again. */
export function endInstallation(
  turn: Turn,
  { peer, members, tries }: { peer: NodeId; members: readonly NodeId[]; tries: number },
  reply: ChordReply | null,
): void {
  if (reply || tries >= INSTALL_TRIES || turn.state.mode !== 'member') return;
  sendInstallation(turn, { peer, members, tries: tries + 1 });
}

/** Waited long enough for a ring that did not come, or its proposer gave it up. */
export function forgetPromise(turn: Turn, proposer?: NodeId): void {
  const { founding } = turn.state;
  if (founding?.kind !== 'promised' || founding.proposer !== (proposer ?? founding.proposer)) return;
  turn.update({ founding: null });
}

function install(turn: Turn, members: readonly NodeId[]): void {
  found(turn, members);
  for (const peer of members.slice(1)) sendInstallation(turn, { peer, members, tries: 1 });
}

function sendInstallation(turn: Turn, sent: { peer: NodeId; members: readonly NodeId[]; tries: number }): void {
  if (!turn.state.roster.has(sent.peer)) return;
  turn.call({ t: 'chord.install', body: { members: [...sent.members] } }, { kind: 'install', ...sent });
}

function found(turn: Turn, members: readonly NodeId[]): void {
  becomeMember(turn, turn.rules.foundingPointers(turn.state.self.id, members, turn.r));
}

function isAscending(ids: readonly NodeId[]): boolean {
  return ids.every((id, i) => i === 0 || (ids[i - 1] ?? id) < id);
}
