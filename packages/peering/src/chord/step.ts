// Chord's reducer: one event in, the next state and the effects out (machine.ts). Which event goes to which part; no decision of its own.

import type { FailedEvent, ReplyEvent } from '../calls.ts';
import type { Step, Surroundings } from '../machine.ts';
import { answerRequest } from './answer.ts';
import type { ChordEffect, ChordEvent } from './events.ts';
import { endFinger, startFingers } from './fingers.ts';
import { endConsent, endInstallation, forgetPromise } from './form.ts';
import { continueJoin, endJoin } from './join.ts';
import { endLeave, loseNode, startLeave } from './leave.ts';
import { continueLookup, type Ended, startLookup } from './lookup.ts';
import { endMerge, startMerge } from './merge.ts';
import { type ChordReply, parseReply } from './messages.ts';
import { endProbe, startProbe } from './probe.ts';
import { endRectify, endRectifyCandidate } from './rectify.ts';
import { contactsOf, ringView } from './ring-view.ts';
import { endFromPredecessor, endFromSuccessor, startStabilize } from './stabilize.ts';
import type { CallPurpose, ChordState, OpenStep, Roster } from './state.ts';
import { Turn } from './turn.ts';
import { runWaiting } from './waiting.ts';
import { endPing, pingNeighbours } from './watch.ts';

/** One step of a node's Chord. Never throws for anything that another node says. */
export function chordStep(
  state: ChordState,
  event: ChordEvent,
  surroundings: Surroundings,
): Step<ChordState, ChordEffect> {
  const turn = new Turn(state, surroundings);
  take(turn, event);
  runWaiting(turn);
  if (turn.state.pointers !== state.pointers || turn.state.mode !== state.mode) {
    turn.count('ringChanges');
    turn.effects.push({ kind: 'ring-changed', view: ringView(turn.state) });
  }
  return { state: turn.state, effects: turn.effects };
}

function take(turn: Turn, event: ChordEvent): void {
  switch (event.kind) {
    case 'start':
      turn.wakeWithin('probe', turn.timings.probeMs);
      return;
    case 'roster':
      takeRoster(turn, event.roster);
      return;
    case 'locate':
      endLookup(turn, startLookup(turn, { key: event.key, purpose: { kind: 'locate', token: event.token } }));
      return;
    case 'leave':
      startLeave(turn);
      return;
    case 'suspect':
      loseNode(turn, event.id);
      return;
    case 'request':
      answerRequest(turn, event);
      return;
    case 'reply':
    case 'failed':
      endCall(turn, event);
      return;
    case 'timer':
      takeTimer(turn, event.name);
      return;
    default:
      event satisfies never;
  }
}

function takeTimer(turn: Turn, name: string): void {
  if (name === 'probe') {
    startProbe(turn);
    return;
  }
  if (name === 'promise') {
    forgetPromise(turn);
    return;
  }
  // The other periods are a member's, and begin anew when this node becomes one again.
  if (turn.state.mode !== 'member') return;
  const { stabilizeMs, fingersMs, pingMs, mergeMs } = turn.timings;
  if (name === 'stabilize') {
    turn.wake('stabilize', stabilizeMs);
    startStabilize(turn);
  } else if (name === 'fingers') {
    turn.wake('fingers', fingersMs);
    startFingers(turn);
  } else if (name === 'ping') {
    turn.wake('ping', pingMs);
    pingNeighbours(turn);
  } else if (name === 'merge') {
    turn.wake('merge', mergeMs);
    startMerge(turn);
  }
}

function takeRoster(turn: Turn, roster: Roster): void {
  const { self } = turn.state;
  const gone = [...turn.state.roster.keys()].filter((id) => id !== self.id && !roster.has(id));
  const reached = turn.state.reached.filter((id) => roster.has(id));
  turn.update({ roster: new Map([...roster, [self.id, self]]), reached });
  for (const id of gone) loseNode(turn, id);
}

function endCall(turn: Turn, event: ReplyEvent | FailedEvent): void {
  const reply = event.kind === 'reply' ? parseReply(event.reply) : null;
  const purpose = turn.state.calls.get(event.call);
  if (!purpose) {
    ignoreUnasked(turn, reply);
    return;
  }
  turn.update({ calls: new Map([...turn.state.calls].filter(([call]) => call !== event.call)) });
  // Who left the roster meanwhile has nothing to say any more.
  endPurpose(turn, purpose, turn.state.roster.has(purpose.peer) ? reply : null);
}

function endPurpose(turn: Turn, purpose: CallPurpose, reply: ChordReply | null): void {
  switch (purpose.kind) {
    case 'step':
      endStep(turn, reply);
      return;
    case 'lookup':
      endLookup(turn, continueLookup(turn, purpose.lookup, reply));
      return;
    case 'watch':
      endPing(turn, purpose.peer, reply);
      return;
    case 'probe':
      endProbe(turn, purpose, reply);
      return;
    case 'form':
      endConsent(turn, purpose.proposal, reply);
      return;
    case 'install':
      endInstallation(turn, purpose, reply);
      return;
    case 'leave':
      endLeave(turn);
      return;
    case 'tell':
      return;
    default:
      purpose satisfies never;
  }
}

function endStep(turn: Turn, reply: ChordReply | null): void {
  const step: OpenStep | null = turn.state.step;
  if (!step) return;
  turn.update({ step: null });
  switch (step.kind) {
    case 'from-successor':
      endFromSuccessor(turn, step.peer, reply);
      return;
    case 'from-predecessor':
      endFromPredecessor(turn, step.peer, reply);
      return;
    case 'rectify-candidate':
      endRectifyCandidate(turn, step.peer, reply);
      return;
    case 'rectify-predecessor':
      endRectify(turn, { predecessor: step.peer, candidate: step.candidate }, reply);
      return;
    case 'join':
      endJoin(turn, step.peer, reply);
      return;
    default:
      step satisfies never;
  }
}

function endLookup(turn: Turn, ended: Ended | null): void {
  if (!ended) return;
  const { purpose, key, found } = ended;
  switch (purpose.kind) {
    case 'locate': {
      const [owner = null] = contactsOf(turn.state.roster, [found?.id ?? null]);
      const successors = contactsOf(turn.state.roster, found?.successors ?? []);
      const hops = found?.hops ?? 0;
      turn.effects.push({ kind: 'located', token: purpose.token, key, owner, successors, hops });
      return;
    }
    case 'finger':
      endFinger(turn, found);
      return;
    case 'join':
      continueJoin(turn, found);
      return;
    case 'merge':
      endMerge(turn, found);
      return;
    default:
      purpose satisfies never;
  }
}

/** An answer that nobody asked for is counted and changes nothing: by one such frame, Flowchain's successor could be taken over. */
function ignoreUnasked(turn: Turn, reply: ChordReply | null): void {
  turn.count('unaskedReplies');
  if (reply?.t !== 'chord.pointers') return;
  turn.point(turn.rules.takeUnasked(turn.state.pointers, { self: turn.state.self.id, ...reply.body }));
}
