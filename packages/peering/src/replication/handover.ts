// Global repair, and leaving: a walk over all that this node keeps, in batches of items of one owner. Where this node is no replica, the
// batch is offered to those who are, and deleted here only when k of them keep every item of it. A leaving node hands over everything and
// deletes nothing. Source: peering.md section 2.5 (after DHash, Cates 2003).

import type { CallFailure, Contact, Message } from '../calls.ts';
import { pointAfter } from '../node-id.ts';
import { FIRST_KEY, type KeyRange, LAST_KEY } from './key-range.ts';
import { isSuperseded } from './messages.ts';
import type { StoreResult } from './replica-store.ts';
import { itemJson } from './serving.ts';
import { BATCH_ITEMS } from './settings.ts';
import type { Batch, Walk, WalkStep } from './state.ts';
import type { ItemName } from './stored-item.ts';
import type { Turn } from './turn.ts';
import { readReceipt } from './writing.ts';

const ROUTE = { kind: 'walk' } as const;

/** Begins a walk, unless one runs. A leaving node's walk takes the place of another. */
export function startWalk(turn: Turn, isLeaving: boolean): void {
  if (turn.state.walk && !(isLeaving && !turn.state.walk.isLeaving)) return;
  const step: WalkStep = { kind: 'first', wait: list(turn, { first: FIRST_KEY, last: LAST_KEY }, 1) };
  turn.change({ walk: { isLeaving, cursor: FIRST_KEY, handedOver: 0, wasAlone: false, step } });
}

/** A leaving node whose batch did not get through tries it again. */
export function walkAgain(turn: Turn): void {
  const { walk } = turn.state;
  if (walk?.step.kind === 'pause') seek(turn, walk);
}

/** The owner of the batch's first key was looked for. */
export function walkLocated(turn: Turn, wait: number, replicas: readonly Contact[]): void {
  const { walk, view, settings } = turn.state;
  if (!walk || !isWaiting(walk, wait)) return;
  const { step } = walk;
  const self = view.self.id;
  if (step.kind === 'locate') {
    const owner = replicas[0];
    if (!owner) {
      giveUp(turn, walk);
      return;
    }
    // No member stands between the key and its owner: all keys up to the owner have the same replicas.
    const range = { first: step.key, last: owner.id >= step.key ? owner.id : LAST_KEY };
    const set = replicas.slice(0, settings.replicas);
    if (!walk.isLeaving) {
      if (set.some(({ id }) => id === self)) {
        skip(turn, walk, range);
        return;
      }
      openBatch(turn, walk, { range, targets: set });
      return;
    }
    const targets = replicas.filter(({ id }) => id !== self).slice(0, settings.replicas);
    const last = targets.at(-1);
    if (!last || targets.length >= settings.replicas) {
      openBatch(turn, walk, { range, targets });
      return;
    }
    const next = turn.locate(pointAfter(last.id, 0), ROUTE);
    goOn(turn, walk, { kind: 'locate-next', wait: next, range, targets });
  } else if (step.kind === 'locate-next') {
    const more = replicas.filter(({ id }) => id !== self && !step.targets.some((target) => target.id === id));
    const targets = [...step.targets, ...more].slice(0, settings.replicas);
    openBatch(turn, walk, { range: step.range, targets });
  }
}

/** The store did what the walk asked for. */
export function walkStored(turn: Turn, wait: number, result: StoreResult): void {
  const { walk } = turn.state;
  if (!walk || !isWaiting(walk, wait)) return;
  const { step } = walk;
  if (step.kind === 'first' && result.kind === 'list') {
    const key = result.items[0]?.key;
    if (key === undefined) {
      finish(turn, walk);
      return;
    }
    goOn(turn, walk, { kind: 'locate', key, wait: turn.locate(key, ROUTE) });
  } else if (step.kind === 'list' && result.kind === 'list') {
    const items = wholeKeys(result.items);
    offer(turn, walk, { range: step.range, targets: step.targets, items, at: 0 });
  } else if (step.kind === 'read' && result.kind === 'read') {
    const [item, ...missing] = step.missing;
    const target = step.batch.targets[step.batch.at];
    if (!item || !target) return;
    if (!result.bytes) {
      sendMissing(turn, walk, { batch: step.batch, missing });
      return;
    }
    turn.count('repairBytes', item.sizeBytes);
    const { type, key } = item;
    const call = turn.call(target, { t: 'store.replicate', body: { type, key }, bytes: result.bytes }, ROUTE);
    goOn(turn, walk, { kind: 'push', batch: step.batch, missing: step.missing, wait: call });
  } else if (step.kind === 'delete' && result.kind === 'deleted') {
    turn.count('deletedItems', result.count);
    handedOver(turn, walk, step.batch);
  } else giveUp(turn, walk);
}

/** The target answered, or did not. */
export function walkReplied(turn: Turn, wait: number, reply: Message | CallFailure): void {
  const { walk } = turn.state;
  if (!walk || !isWaiting(walk, wait)) return;
  const { step } = walk;
  if (step.kind === 'have') {
    const answer = typeof reply === 'string' ? undefined : turn.read(reply);
    if (answer?.t !== 'store.missing') {
      stuck(turn, walk, step.batch);
      return;
    }
    const { items } = step.batch;
    const missing = answer.body.positions.flatMap((position) => items[position] ?? []);
    sendMissing(turn, walk, { batch: step.batch, missing });
  } else if (step.kind === 'push') {
    const [item, ...missing] = step.missing;
    const target = step.batch.targets[step.batch.at];
    if (!item || !target || typeof reply === 'string') {
      stuck(turn, walk, step.batch);
      return;
    }
    const answer = turn.read(reply);
    const isNewerThere = isSuperseded(item.type, answer);
    const isKept = answer?.t === 'store.receipts' && readReceipt(turn, item, reply, target.id) !== undefined;
    if (!isKept && !isNewerThere) {
      stuck(turn, walk, step.batch);
      return;
    }
    if (isKept) turn.count('repairedItems');
    sendMissing(turn, walk, { batch: step.batch, missing });
  }
}

function list(turn: Turn, range: KeyRange, limit: number): number {
  return turn.store({ kind: 'list', ranges: [range], limit }, ROUTE);
}

function seek(turn: Turn, walk: Walk): void {
  goOn(turn, walk, { kind: 'first', wait: list(turn, { first: walk.cursor, last: LAST_KEY }, 1) });
}

function openBatch(turn: Turn, walk: Walk, found: { range: KeyRange; targets: readonly Contact[] }): void {
  if (found.targets.length === 0) {
    // Nobody else is in the ring.
    skip(turn, { ...walk, wasAlone: true }, found.range);
    return;
  }
  goOn(turn, walk, { kind: 'list', ...found, wait: list(turn, found.range, BATCH_ITEMS) });
}

/** A full page without its last key, whose other records may stand on the next page. One key has fewer records than a page. */
function wholeKeys(items: readonly ItemName[]): readonly ItemName[] {
  const last = items.at(-1);
  return items.length < BATCH_ITEMS ? items : items.filter(({ key }) => key !== last?.key);
}

/** Asks the batch's next target what it lacks; with none left, the batch is with all of them. */
function offer(turn: Turn, walk: Walk, batch: Batch): void {
  const target = batch.targets[batch.at];
  if (batch.items.length === 0) {
    skip(turn, walk, batch.range);
    return;
  }
  if (target) {
    const call = turn.call(target, { t: 'store.have', body: { items: batch.items.map(itemJson) } }, ROUTE);
    goOn(turn, walk, { kind: 'have', batch, wait: call });
    return;
  }
  const isSafe = !walk.isLeaving && batch.targets.length >= turn.state.settings.replicas && !isHeld(turn, batch);
  if (!isSafe) {
    handedOver(turn, walk, batch);
    return;
  }
  goOn(turn, walk, { kind: 'delete', batch, wait: turn.store({ kind: 'delete', items: batch.items }, ROUTE) });
}

function sendMissing(turn: Turn, walk: Walk, given: { batch: Batch; missing: readonly ItemName[] }): void {
  const { batch, missing } = given;
  const [item] = missing;
  if (!item) {
    offer(turn, walk, { ...batch, at: batch.at + 1 });
    return;
  }
  const wait = turn.store({ kind: 'read', name: item }, ROUTE);
  goOn(turn, walk, { kind: 'read', batch, missing, wait });
}

function handedOver(turn: Turn, walk: Walk, batch: Batch): void {
  const last = batch.items.at(-1)?.key ?? batch.range.last;
  skip(turn, { ...walk, handedOver: walk.handedOver + batch.items.length }, { ...batch.range, last });
}

/** Goes on behind these keys. */
function skip(turn: Turn, walk: Walk, range: KeyRange): void {
  if (range.last === LAST_KEY) {
    finish(turn, walk);
    return;
  }
  seek(turn, { ...walk, cursor: pointAfter(range.last, 0) });
}

/** A target did not take the batch: nothing of it is deleted. The next walk tries again; whoever leaves, after a pause. */
function stuck(turn: Turn, walk: Walk, batch: Batch): void {
  if (walk.isLeaving) pause(turn, walk);
  else skip(turn, walk, { ...batch.range, last: batch.items.at(-1)?.key ?? batch.range.last });
}

/** The owner is not known, or the store is away. */
function giveUp(turn: Turn, walk: Walk): void {
  if (walk.isLeaving) pause(turn, walk);
  else turn.change({ walk: null });
}

function pause(turn: Turn, walk: Walk): void {
  turn.timer('store.walk', turn.state.settings.retryMs);
  goOn(turn, walk, { kind: 'pause' });
}

function finish(turn: Turn, walk: Walk): void {
  turn.change({ walk: null });
  const { handedOver: items, wasAlone } = walk;
  if (walk.isLeaving) turn.emit({ kind: 'ready-to-leave', handedOver: items, isAlone: wasAlone });
}

function goOn(turn: Turn, walk: Walk, step: WalkStep): void {
  turn.change({ walk: { ...walk, step } });
}

function isWaiting({ step }: Walk, wait: number): boolean {
  return step.kind !== 'pause' && step.wait === wait;
}

function isHeld(turn: Turn, { items }: Batch): boolean {
  const held = turn.state.holds.filter(({ untilMs }) => untilMs > turn.nowMs);
  return items.some(({ key }) => held.some(({ range }) => range.first <= key && key <= range.last));
}
