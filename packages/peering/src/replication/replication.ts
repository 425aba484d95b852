// Replication as one reducer: copies of each item on its owner and the next k − 1 successors. Here events are handed to their parts:
// writing.ts (puts), reading.ts (gets), serving.ts (peers' requests), arc-repair.ts and handover.ts (repair).

import type { CallFailure, Message } from '../calls.ts';
import type { Step, Surroundings } from '../machine.ts';
import type { NodeId } from '../node-id.ts';
import { repairReplied, repairStored, startRound } from './arc-repair.ts';
import type { Neighbours, ReplicationEffect, ReplicationEvent } from './events.ts';
import { startWalk, walkAgain, walkLocated, walkReplied, walkStored } from './handover.ts';
import {
  getAgain,
  getLocated,
  getReplied,
  getStored,
  recordsAgain,
  recordsAnswered,
  recordsLocated,
  recordsOfReply,
  startGet,
  startRecords,
} from './reading.ts';
import { served, serveRequest } from './serving.ts';
import type { ReplicationSettings } from './settings.ts';
import type { ReplicationCounts, ReplicationState } from './state.ts';
import type { ReceiptSigner } from './storage-receipt.ts';
import { jittered, Turn } from './turn.ts';
import {
  putAgain,
  putLocated,
  putReplied,
  replicasOfOwn,
  startPut,
  writeIsLate,
  writeReplied,
  writeStored,
} from './writing.ts';

/** Before the first `ring` and `roster` events: alone, and nobody's receipts count. */
export function initialReplication(node: {
  view: Neighbours;
  signer: ReceiptSigner;
  settings: ReplicationSettings;
}): ReplicationState {
  return {
    ...node,
    members: new Set(),
    nextNumber: 1,
    routes: new Map(),
    puts: new Map(),
    writes: new Map(),
    gets: new Map(),
    recordReads: new Map(),
    repairAtMs: 0,
    session: null,
    queue: [],
    walk: null,
    arcItems: 0,
    behind: new Map(),
    holds: [],
    counts: {
      repairBytes: 0,
      repairedItems: 0,
      deletedItems: 0,
      lies: 0,
      refusedRequests: 0,
      refusedByQuota: 0,
      equivocations: 0,
      storeFailures: 0,
    },
  };
}

/** What happens next. */
export function stepReplication(
  state: ReplicationState,
  event: ReplicationEvent,
  surroundings: Surroundings,
): Step<ReplicationState, ReplicationEffect> {
  const turn = new Turn(state, surroundings);
  handle(turn, event);
  return turn.end();
}

/** Items of this node's arc that, as far as it knows, fewer than k nodes keep. */
export function underReplicatedItems(state: ReplicationState): number {
  const replicas = replicasOfOwn(state);
  if (replicas.length < state.settings.replicas - 1) return state.arcItems;
  return Math.max(0, ...replicas.map(({ id }) => state.behind.get(id) ?? state.arcItems));
}

/** Ever growing counts, for metrics. */
export function replicationCounts(state: ReplicationState): ReplicationCounts {
  return state.counts;
}

function handle(turn: Turn, event: ReplicationEvent): void {
  switch (event.kind) {
    case 'ring':
      ringChanged(turn, event.view);
      return;
    case 'roster':
      turn.change({ members: event.members });
      return;
    case 'put':
      startPut(turn, event);
      return;
    case 'get':
      startGet(turn, event);
      return;
    case 'get-records':
      startRecords(turn, event);
      return;
    case 'leave':
      startWalk(turn, true);
      return;
    case 'located':
      located(turn, event);
      return;
    case 'stored':
      stored(turn, event);
      return;
    case 'request':
      serveRequest(turn, event);
      return;
    case 'reply':
      replied(turn, event.call, event.reply);
      return;
    case 'failed':
      replied(turn, event.call, event.why);
      return;
    case 'timer':
      timeUp(turn, event.name);
      return;
    default:
      event satisfies never;
  }
}

/** Another arc or other replicas: what runs was begun for the old ones, and what the new ones have nobody knows. */
function ringChanged(turn: Turn, view: Neighbours): void {
  const before = turn.state;
  turn.change({ view });
  const isSame = neighboursOf(before).join() === neighboursOf(turn.state).join();
  if (isSame && before.repairAtMs > 0) return;
  const behind = new Map<NodeId, number>();
  turn.change({ session: null, queue: [], behind });
  turn.repairIn(jittered(turn.state.settings.settleMs, turn.random));
}

function neighboursOf(state: ReplicationState): (NodeId | undefined)[] {
  return [state.view.predecessor?.id, ...replicasOfOwn(state).map(({ id }) => id)];
}

function located(turn: Turn, event: Extract<ReplicationEvent, { kind: 'located' }>): void {
  const number = Number(event.token);
  const route = turn.takeRoute(number);
  const replicas = event.owner ? [event.owner, ...event.successors.filter(({ id }) => id !== event.owner?.id)] : [];
  if (route?.kind === 'put') putLocated(turn, route.job, event.owner);
  else if (route?.kind === 'get') getLocated(turn, route.job, replicas);
  else if (route?.kind === 'records') recordsLocated(turn, route.job, replicas);
  else if (route?.kind === 'walk') walkLocated(turn, number, replicas);
}

function stored(turn: Turn, { op, result }: Extract<ReplicationEvent, { kind: 'stored' }>): void {
  const route = turn.takeRoute(op);
  if (result.kind === 'failed') turn.count('storeFailures');
  if (route?.kind === 'write') writeStored(turn, route.job, result);
  else if (route?.kind === 'get') getStored(turn, route.job, result);
  else if (route?.kind === 'records') {
    const found = result.kind === 'records' ? result.records : undefined;
    recordsAnswered(turn, { read: route.job, wait: op, found });
  } else if (route?.kind === 'sync') repairStored(turn, op, result);
  else if (route?.kind === 'walk') walkStored(turn, op, result);
  else if (route?.kind === 'serve') served(turn, { re: route.re, serve: route.serve, result });
}

function replied(turn: Turn, call: number, reply: Message | CallFailure): void {
  const route = turn.takeRoute(call);
  if (route?.kind === 'put') putReplied(turn, route.job, reply);
  else if (route?.kind === 'write') writeReplied(turn, { write: route.job, call, reply });
  else if (route?.kind === 'get') getReplied(turn, route.job, reply);
  else if (route?.kind === 'records') {
    const found = typeof reply === 'string' ? undefined : recordsOfReply(turn, reply);
    recordsAnswered(turn, { read: route.job, wait: call, found });
  } else if (route?.kind === 'sync') repairReplied(turn, call, reply);
  else if (route?.kind === 'walk') walkReplied(turn, call, reply);
}

function timeUp(turn: Turn, name: string): void {
  const [, what, number] = name.split('.');
  const job = Number(number);
  if (what === 'put') putAgain(turn, job);
  else if (what === 'get') getAgain(turn, job);
  else if (what === 'records') recordsAgain(turn, job);
  else if (what === 'write') writeIsLate(turn, job);
  else if (what === 'walk') walkAgain(turn);
  else if (what === 'repair') {
    turn.change({ repairAtMs: 0 });
    turn.repairIn(jittered(turn.state.settings.repairMs, turn.random));
    startRound(turn);
    startWalk(turn, false);
  }
}
