// STABILIZE (peering.md 2.4): ask the successor what it has, adopt it, then meet whoever stands between. Each answered query is one atomic
// transition of the proof; a step that meets BUSY ends unchanged and is tried again after a random wait.

import type { NodeId } from '../node-id.ts';
import type { ChordReply } from './messages.ts';
import { claimedPointers } from './peer-pointers.ts';
import { BUSY_LIMIT, BUSY_RETRIES } from './settings.ts';
import type { Turn } from './turn.ts';

/** The period has come, or there is reason to look now. Nothing happens while another step is open. */
export function startStabilize(turn: Turn): void {
  if (turn.state.mode !== 'member' || turn.state.step) return;
  for (;;) {
    const head = turn.state.pointers.successors[0];
    if (head === undefined) {
      isolate(turn);
      return;
    }
    // One under suspicion is asked, too: it may have come back, and only an answer that stays out may shorten the list.
    if (turn.state.roster.has(head)) {
      turn.open({ kind: 'from-successor', peer: head }, { t: 'chord.state', body: {} });
      return;
    }
    turn.point(turn.rules.dropSuccessor(turn.state.pointers));
  }
}

/** The successor has answered, or not (null). */
export function endFromSuccessor(turn: Turn, s: NodeId, reply: ChordReply | null): void {
  if (reply?.t === 'chord.busy' && turn.state.busyInARow < BUSY_LIMIT) {
    waitForFree(turn);
    return;
  }
  turn.update({ busyInARow: 0 });
  if (reply?.t !== 'chord.pointers') {
    turn.suspect(s);
    turn.point(turn.rules.dropSuccessor(turn.state.pointers));
    startStabilize(turn);
    return;
  }
  turn.hear(s);
  const claimed = claimedPointers(turn.state, s, reply.body);
  const { pointers, candidate } = turn.rules.adoptSuccessor(turn.state.pointers, claimed, turn.r);
  turn.point(pointers);
  if (candidate === null) {
    notifySuccessor(turn);
    return;
  }
  turn.open({ kind: 'from-predecessor', peer: candidate }, { t: 'chord.state', body: {} });
}

/** The node that may be a nearer successor has answered, or not: only one that answered is ever adopted (rule (a)). */
export function endFromPredecessor(turn: Turn, c: NodeId, reply: ChordReply | null): void {
  if (reply?.t === 'chord.busy') {
    waitForFree(turn);
    return;
  }
  if (reply?.t === 'chord.pointers') {
    turn.hear(c);
    const claimed = claimedPointers(turn.state, c, reply.body);
    turn.point(turn.rules.adoptPredecessorOfSuccessor(turn.state.pointers, claimed, turn.r));
  } else {
    turn.suspect(c);
  }
  notifySuccessor(turn);
}

/** No successor is left: this node has lost its ring and looks for one again through the roster. It never takes itself for its successor. */
function isolate(turn: Turn): void {
  turn.count('isolations');
  turn.update({
    mode: 'isolated',
    pointers: { self: turn.state.self.id, predecessor: null, successors: [] },
    fingers: [],
    fingerRound: null,
    notified: null,
    mergeSuccessor: null,
    mergePredecessor: null,
    reached: [],
  });
  turn.wakeWithin('probe', turn.timings.probeMs);
}

function notifySuccessor(turn: Turn): void {
  const head = turn.state.pointers.successors[0];
  if (head !== undefined && turn.state.roster.has(head))
    turn.call({ t: 'chord.notify', body: {} }, { kind: 'tell', peer: head });
}

function waitForFree(turn: Turn): void {
  const tries = turn.state.busyInARow;
  turn.count('busySteps');
  turn.update({ busyInARow: tries + 1 });
  if (tries % (BUSY_RETRIES + 1) < BUSY_RETRIES) {
    turn.wakeWithin('stabilize', turn.timings.busyRetryMs * 2 ** (tries % (BUSY_RETRIES + 1)));
  }
}
