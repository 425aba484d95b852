// What a node answers. Who asks is what the transport proved. Pings and lookups are answered at once; pointers only while no step of our
// own is open, because a step is one atomic transition and nobody may see the middle of it (peering.md 2.4, rule (b)).

import type { RequestEvent } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import { consent, forgetPromise, takeInstallation } from './form.ts';
import { loseNode } from './leave.ts';
import { BUSY, type ChordReply, type ChordRequest, NOT_MEMBER, OK, parseRequest, REFUSED } from './messages.ts';
import { keepCandidate } from './rectify.ts';
import type { Turn } from './turn.ts';

export function answerRequest(turn: Turn, { re, from, request }: RequestEvent): void {
  const parsed = turn.state.roster.has(from) ? parseRequest(request) : null;
  if (parsed) {
    turn.answer(re, answerTo(turn, from, parsed));
    return;
  }
  turn.count('refusedRequests');
  turn.answer(re, REFUSED);
}

function answerTo(turn: Turn, from: NodeId, request: ChordRequest): ChordReply {
  const { mode, founding } = turn.state;
  switch (request.t) {
    case 'chord.ping':
      return { t: 'chord.pong', body: { mode, isFounding: founding !== null } };
    case 'chord.state':
      return answerState(turn);
    case 'chord.route':
      return answerRoute(turn, request.body.key);
    case 'chord.notify':
      if (mode !== 'member') return NOT_MEMBER;
      keepCandidate(turn, from);
      return OK;
    case 'chord.leaving':
      loseNode(turn, from);
      return OK;
    case 'chord.form':
      return consent(turn, from, request.body.members);
    case 'chord.forget':
      forgetPromise(turn, from);
      return OK;
    case 'chord.install':
      return takeInstallation(turn, from, request.body.members);
    default:
      return request satisfies never;
  }
}

function answerState({ state: { mode, step, founding, pointers } }: Turn): ChordReply {
  if (mode !== 'member') return founding ? BUSY : NOT_MEMBER;
  if (step) return BUSY;
  const { predecessor, successors } = pointers;
  return { t: 'chord.pointers', body: { predecessor, successors: [...successors] } };
}

function answerRoute({ state: { mode, pointers, fingers }, rules }: Turn, key: NodeId): ChordReply {
  if (mode !== 'member') return NOT_MEMBER;
  const route = rules.routeFrom({ pointers, fingers, between: rules.between }, key);
  const { predecessor, successors } = pointers;
  const closer = [...route.closer];
  if (route.isMine) return { t: 'chord.mine', body: { predecessor, successors: [...successors], closer } };
  return { t: 'chord.toward', body: { predecessor, owners: [...route.owners], closer } };
}
