// Reads of this node. A value: the own store first, then one replica after the other until the bytes have the hash. Records: all replicas
// at once, verified and merged; more than half of them answered means that the newest put is among the answers.

import type { CallFailure, Contact, Message } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import type { GetEndedEffect } from './events.ts';
import { mergeRecords } from './record-rule.ts';
import type { StoreResult } from './replica-store.ts';
import { ATTEMPTS, MAX_OPEN, majorityOf } from './settings.ts';
import type { GetJob, RecordsJob } from './state.ts';
import { checkItem, type StoredItem } from './stored-item.ts';
import type { Turn } from './turn.ts';

/** Starts a read of a value. */
export function startGet(turn: Turn, { token, key }: { token: string; key: NodeId }): void {
  if (turn.state.gets.size >= MAX_OPEN) {
    turn.emit({ kind: 'get-ended', token, outcome: 'unavailable', bytes: null });
    return;
  }
  const get = turn.number();
  turn.setJob('gets', get, { token, key, candidates: [], hasFailure: false, attempt: 1 });
  turn.store({ kind: 'read', name: { type: 'value', key, id: key } }, { kind: 'get', job: get });
}

/** The own store answered. */
export function getStored(turn: Turn, get: number, result: StoreResult): void {
  const job = turn.state.gets.get(get);
  if (!job) return;
  const bytes = result.kind === 'read' ? result.bytes : null;
  if (bytes && checkItem({ type: 'value', key: job.key, bytes }).ok) {
    endGet(turn, get, { outcome: 'found', bytes });
    return;
  }
  turn.locate(job.key, { kind: 'get', job: get });
}

/** The replicas were looked for. All known successors of the owner are asked, not only k − 1: after changes a copy may still be there. */
export function getLocated(turn: Turn, get: number, replicas: readonly Contact[]): void {
  const job = turn.state.gets.get(get);
  if (!job) return;
  const self = turn.state.view.self.id;
  const candidates = replicas.filter(({ id }) => id !== self);
  askNext(turn, get, { ...job, candidates, hasFailure: replicas.length === 0 });
}

/** A replica answered, or did not. */
export function getReplied(turn: Turn, get: number, reply: Message | CallFailure): void {
  const job = turn.state.gets.get(get);
  if (!job) return;
  const answer = typeof reply === 'string' ? undefined : turn.read(reply);
  if (answer?.t === 'store.item' && typeof reply !== 'string') {
    const bytes = reply.bytes ?? new Uint8Array();
    if (checkItem({ type: 'value', key: job.key, bytes }).ok) {
      endGet(turn, get, { outcome: 'found', bytes });
      return;
    }
    turn.count('lies');
  }
  askNext(turn, get, { ...job, hasFailure: job.hasFailure || answer?.t !== 'store.none' });
}

/** It is time to look for the replicas again. */
export function getAgain(turn: Turn, get: number): void {
  const job = turn.state.gets.get(get);
  if (job) turn.locate(job.key, { kind: 'get', job: get });
}

function askNext(turn: Turn, get: number, job: GetJob): void {
  const [next, ...candidates] = job.candidates;
  if (next) {
    turn.setJob('gets', get, { ...job, candidates });
    const { key } = job;
    turn.call(next, { t: 'store.get', body: { type: 'value', key, id: key } }, { kind: 'get', job: get });
  } else if (job.hasFailure && job.attempt < ATTEMPTS) {
    turn.setJob('gets', get, { ...job, attempt: job.attempt + 1 });
    turn.timer(`store.get.${get}`, turn.state.settings.retryMs);
  } else endGet(turn, get, { outcome: job.hasFailure ? 'unavailable' : 'missing', bytes: null });
}

function endGet(turn: Turn, get: number, end: Pick<GetEndedEffect, 'outcome' | 'bytes'>): void {
  const job = turn.state.gets.get(get);
  if (job) turn.emit({ kind: 'get-ended', token: job.token, ...end });
  turn.dropJob('gets', get);
}

/** Starts a read of the records under a key. */
export function startRecords(turn: Turn, { token, key }: { token: string; key: NodeId }): void {
  if (turn.state.recordReads.size >= MAX_OPEN) {
    turn.emit({ kind: 'records-ended', token, isMajority: false, records: [] });
    return;
  }
  const read = turn.number();
  turn.setJob('recordReads', read, { token, key, records: [], answers: 0, waiting: new Set<number>(), attempt: 1 });
  turn.locate(key, { kind: 'records', job: read });
}

/** The replicas were looked for: all k are asked at once. */
export function recordsLocated(turn: Turn, read: number, replicas: readonly Contact[]): void {
  const job = turn.state.recordReads.get(read);
  if (!job) return;
  const route = { kind: 'records' as const, job: read };
  const { key } = job;
  const waiting = replicas
    .slice(0, turn.state.settings.replicas)
    .map((replica) =>
      replica.id === turn.state.view.self.id
        ? turn.store({ kind: 'records', key }, route)
        : turn.call(replica, { t: 'store.records', body: { key } }, route),
    );
  turn.setJob('recordReads', read, { ...job, waiting: new Set(waiting), answers: 0 });
  if (waiting.length === 0) endRecords(turn, read);
}

/** One of the replicas answered, this node's own store among them; undefined: it did not. */
export function recordsAnswered(
  turn: Turn,
  given: { read: number; wait: number; found: readonly Uint8Array[] | undefined },
): void {
  const job = turn.state.recordReads.get(given.read);
  if (!job?.waiting.has(given.wait)) return;
  const waiting = new Set(job.waiting);
  waiting.delete(given.wait);
  const items = (given.found ?? []).flatMap((bytes): StoredItem[] => {
    const item = checkItem({ type: 'record', key: job.key, bytes });
    if (!item.ok) turn.count('lies');
    return item.ok ? [item.value] : [];
  });
  const found = items.flatMap((item) => (item.type === 'record' ? [item.record] : []));
  const answers = job.answers + (given.found ? 1 : 0);
  const next: RecordsJob = { ...job, waiting, answers, records: mergeRecords([...job.records, ...found]) };
  turn.setJob('recordReads', given.read, next);
  if (waiting.size === 0 || hasMajority(turn, next)) endRecords(turn, given.read);
}

/** The records that a reply carries, one behind the other; undefined for a reply without. */
export function recordsOfReply(turn: Turn, reply: Message): Uint8Array[] | undefined {
  const answer = turn.read(reply);
  if (answer?.t !== 'store.found') return undefined;
  const bytes = reply.bytes ?? new Uint8Array();
  let at = 0;
  return answer.body.lengths.map((length) => {
    at += length;
    return bytes.subarray(at - length, at);
  });
}

/** It is time to look for the replicas again. */
export function recordsAgain(turn: Turn, read: number): void {
  const job = turn.state.recordReads.get(read);
  if (job) turn.locate(job.key, { kind: 'records', job: read });
}

function endRecords(turn: Turn, read: number): void {
  const job = turn.state.recordReads.get(read);
  if (!job) return;
  const isMajority = hasMajority(turn, job);
  if (!isMajority && job.attempt < ATTEMPTS) {
    turn.setJob('recordReads', read, { ...job, attempt: job.attempt + 1 });
    turn.timer(`store.records.${read}`, turn.state.settings.retryMs);
    return;
  }
  turn.emit({ kind: 'records-ended', token: job.token, isMajority, records: job.records });
  turn.dropJob('recordReads', read);
}

function hasMajority(turn: Turn, job: RecordsJob): boolean {
  return job.answers >= majorityOf(turn.state.settings.replicas);
}
