// Puts of this node, and the owner's part of any put: write, forward to the next k − 1 successors, answer with signed storage receipts.
// An owner answers when every replica has, or after forwardMs as soon as it has a majority's receipts: with fewer the put would begin anew, and on
// slow disks end as often. Source: peering.md section 2.5.

import type { CallFailure, Contact, Message } from '../calls.ts';
import { idOfNode, type NodeId, owns } from '../node-id.ts';
import type { PutEndedEffect, ReplicationEvent } from './events.ts';
import { isSuperseded } from './messages.ts';
import type { StoreResult } from './replica-store.ts';
import { ATTEMPTS, MAX_OPEN, majorityOf, msForBytes } from './settings.ts';
import type { PutJob, ReplicationState, WriteJob } from './state.ts';
import {
  receiptFromJson,
  receiptToJson,
  type StorageReceipt,
  signStorageReceipt,
  verifyStorageReceipt,
} from './storage-receipt.ts';
import { checkItem, type ItemName, type StoredItem } from './stored-item.ts';
import type { Turn } from './turn.ts';

/** Starts a put. Bytes that are not the item of their key fail at once. */
export function startPut(turn: Turn, event: Extract<ReplicationEvent, { kind: 'put' }>): void {
  const item = checkItem(event);
  if (!item.ok || turn.state.puts.size >= MAX_OPEN) {
    turn.emit({ kind: 'put-ended', token: event.token, outcome: 'failed', receipts: [] });
    return;
  }
  const put = turn.number();
  turn.setJob('puts', put, { token: event.token, item: item.value, attempt: 1 });
  turn.locate(item.value.key, { kind: 'put', job: put });
}

/** The owner of a put's key was looked for. */
export function putLocated(turn: Turn, put: number, owner: Contact | null): void {
  const job = turn.state.puts.get(put);
  if (!job) return;
  const { item } = job;
  if (!owner) tryPutAgain(turn, put, job);
  else if (owner.id === turn.state.view.self.id) startWrite(turn, { kind: 'put', put }, { item, by: null });
  else {
    const request: Message = { t: 'store.put', body: { type: item.type, key: item.key }, bytes: item.bytes };
    turn.call(owner, request, { kind: 'put', job: put });
  }
}

/** The owner answered a put, or did not. */
export function putReplied(turn: Turn, put: number, reply: Message | CallFailure): void {
  const job = turn.state.puts.get(put);
  if (!job) return;
  const answer = typeof reply === 'string' ? undefined : turn.read(reply);
  if (answer?.t === 'store.receipts') {
    const receipts = answer.body.receipts.flatMap((json) => receiptFromJson(json, job.item.id) ?? []);
    endPut(turn, put, receipts);
  } else if (isSuperseded(job.item.type, answer)) finishPut(turn, put, 'superseded', []);
  else tryPutAgain(turn, put, job);
}

/** It is time to look for the owner again. */
export function putAgain(turn: Turn, put: number): void {
  const job = turn.state.puts.get(put);
  if (job) turn.locate(job.item.key, { kind: 'put', job: put });
}

function endPut(turn: Turn, put: number, receipts: readonly StorageReceipt[]): void {
  const job = turn.state.puts.get(put);
  if (!job) return;
  const good = new Map<NodeId, StorageReceipt>();
  for (const receipt of receipts) {
    const signer = judgeReceipt(turn.state, job.item, receipt);
    if (signer) good.set(signer, receipt);
    else turn.count('lies');
  }
  if (good.size < majorityOf(turn.state.settings.replicas)) tryPutAgain(turn, put, job);
  else finishPut(turn, put, 'stored', [...good.values()]);
}

function tryPutAgain(turn: Turn, put: number, job: PutJob): void {
  if (job.attempt >= ATTEMPTS) {
    finishPut(turn, put, 'failed', []);
    return;
  }
  turn.setJob('puts', put, { ...job, attempt: job.attempt + 1 });
  turn.timer(`store.put.${put}`, turn.state.settings.retryMs);
}

function finishPut(turn: Turn, put: number, outcome: PutEndedEffect['outcome'], receipts: StorageReceipt[]): void {
  const job = turn.state.puts.get(put);
  if (job) turn.emit({ kind: 'put-ended', token: job.token, outcome, receipts });
  turn.dropJob('puts', put);
}

/** The member whose receipt for this item it is; undefined: another item's, another ring's, or nobody's of the roster. */
function judgeReceipt(state: ReplicationState, item: ItemName, receipt: StorageReceipt): NodeId | undefined {
  if (receipt.id !== item.id || receipt.sizeBytes !== item.sizeBytes) return undefined;
  if (!state.members.has(idOfNode(receipt.nodeKey))) return undefined;
  return verifyStorageReceipt(state.signer.ringId, receipt);
}

/** A peer asks this node to keep an item as its owner. */
export function servePut(turn: Turn, given: { re: string; from: NodeId; item: StoredItem }): void {
  const { view, writes } = turn.state;
  const { re, from, item } = given;
  const self = view.self.id;
  if (view.predecessor && !owns({ predecessor: view.predecessor.id, self }, item.key)) turn.refuse(re, 'not-owner');
  else if (writes.size >= MAX_OPEN) turn.refuse(re, 'busy');
  else startWrite(turn, { kind: 'peer', re }, { item, by: from });
}

function startWrite(turn: Turn, whom: WriteJob['for'], given: { item: StoredItem; by: NodeId | null }): void {
  const job = turn.number();
  const { item, by } = given;
  turn.setJob('writes', job, { for: whom, item, receipts: [], waiting: new Map(), isLate: false });
  turn.store(writeRequest(turn, item, by), { kind: 'write', job });
}

/** The store's request to keep an item that `by` handed over. */
export function writeRequest(turn: Turn, item: StoredItem, by: NodeId | null) {
  const limitBytes = turn.state.settings.peerLimitBytes;
  return { kind: 'write' as const, item, by, limitBytes, storedAtUs: turn.nowUs };
}

/** The receipt for an item that the store keeps; undefined, with the reason, when it does not. */
export function receiptOfWrite(turn: Turn, item: StoredItem, result: StoreResult) {
  if (result.kind !== 'written') return { refused: 'unavailable' as const };
  if (result.isEquivocation) turn.count('equivocations');
  switch (result.outcome) {
    case 'new':
    case 'present': {
      const { id, sizeBytes } = item;
      return { receipt: signStorageReceipt(turn.state.signer, { id, sizeBytes, storedAtUs: turn.nowUs }) };
    }
    case 'quota':
    case 'full':
      turn.count('refusedByQuota');
      return { refused: result.outcome };
    case 'superseded':
      return { refused: result.outcome };
    default:
      return result.outcome satisfies never;
  }
}

/** The owner's own write has ended: now the replicas. */
export function writeStored(turn: Turn, write: number, result: StoreResult): void {
  const job = turn.state.writes.get(write);
  if (!job) return;
  const { item } = job;
  const kept = receiptOfWrite(turn, item, result);
  if (!kept.receipt) {
    turn.dropJob('writes', write);
    if (job.for.kind === 'peer') {
      turn.refuse(job.for.re, kept.refused);
      return;
    }
    const put = turn.state.puts.get(job.for.put);
    if (kept.refused === 'superseded') finishPut(turn, job.for.put, 'superseded', []);
    else if (put) tryPutAgain(turn, job.for.put, put);
    return;
  }
  const request: Message = { t: 'store.replicate', body: { type: item.type, key: item.key }, bytes: item.bytes };
  const waiting = new Map<number, NodeId>();
  for (const replica of replicasOfOwn(turn.state)) {
    waiting.set(turn.call(replica, request, { kind: 'write', job: write }), replica.id);
  }
  turn.setJob('writes', write, { ...job, receipts: [kept.receipt], waiting });
  const forwardMs = turn.state.settings.forwardMs + msForBytes(item.sizeBytes);
  if (waiting.size > 0) turn.timer(`store.write.${write}`, forwardMs);
  else endWrite(turn, write);
}

/** A replica answered the owner, or did not. */
export function writeReplied(turn: Turn, given: { write: number; call: number; reply: Message | CallFailure }): void {
  const job = turn.state.writes.get(given.write);
  const replica = job?.waiting.get(given.call);
  if (!job || !replica) return;
  const waiting = new Map(job.waiting);
  waiting.delete(given.call);
  const receipt = typeof given.reply === 'string' ? undefined : readReceipt(turn, job.item, given.reply, replica);
  const receipts = receipt ? [...job.receipts, receipt] : job.receipts;
  turn.setJob('writes', given.write, { ...job, waiting, receipts });
  if (waiting.size === 0 || (job.isLate && isMajority(turn, receipts))) endWrite(turn, given.write);
}

/** forwardMs are over. Each call ends by itself, so the wait for a majority does too. */
export function writeIsLate(turn: Turn, write: number): void {
  const job = turn.state.writes.get(write);
  if (!job) return;
  if (isMajority(turn, job.receipts)) endWrite(turn, write);
  else turn.setJob('writes', write, { ...job, isLate: true });
}

function isMajority(turn: Turn, receipts: readonly StorageReceipt[]): boolean {
  return receipts.length >= majorityOf(turn.state.settings.replicas);
}

/** The receipt that a replica's reply carries; a false one, or another node's, counts as a lie. */
export function readReceipt(turn: Turn, item: ItemName, reply: Message, replica: NodeId): StorageReceipt | undefined {
  const answer = turn.read(reply);
  if (answer?.t !== 'store.receipts') return undefined;
  const json = answer.body.receipts[0];
  const receipt = json && receiptFromJson(json, item.id);
  if (receipt && judgeReceipt(turn.state, item, receipt) === replica) return receipt;
  turn.count('lies');
  return undefined;
}

/** Hands the receipts to whoever put the item. Replies that come later are not waited for: the next comparison of the arc repairs. */
function endWrite(turn: Turn, write: number): void {
  const job = turn.state.writes.get(write);
  if (!job) return;
  turn.dropJob('writes', write);
  if (job.receipts.length < turn.state.settings.replicas) {
    turn.repairIn(turn.state.settings.continueMs);
  }
  if (job.for.kind === 'put') endPut(turn, job.for.put, job.receipts);
  else turn.answer(job.for.re, 'store.receipts', { receipts: job.receipts.map(receiptToJson) });
}

/** The nodes that keep copies of this node's arc beside it. */
export function replicasOfOwn(state: ReplicationState): readonly Contact[] {
  return state.view.successors.slice(0, state.settings.replicas - 1);
}
