// Requests of other members: keep an item, give one, compare Merkle nodes, say which items are missing. Who asks is what the transport
// proved; whatever they send is checked before it touches the store.

import type { RequestEvent } from '../calls.ts';
import { FIRST_KEY, LAST_KEY, rangesOf } from './key-range.ts';
import { parseCall, type StoreCall } from './messages.ts';
import type { StoreResult } from './replica-store.ts';
import { BATCH_ITEMS, MAX_HOLDS, MAX_OPEN, MAX_OPEN_BYTES } from './settings.ts';
import type { ReplicationState, Serve } from './state.ts';
import { receiptToJson } from './storage-receipt.ts';
import { checkItem, type ItemName, nameOf } from './stored-item.ts';
import type { Turn } from './turn.ts';
import { receiptOfWrite, servePut, writeRequest } from './writing.ts';

/** Longest reply with records, in bytes. */
const MAX_RECORDS_BYTES = 65_536;

export function serveRequest(turn: Turn, { re, from, request }: RequestEvent): void {
  const call = parseCall(request);
  if (!call) {
    refuseFalse(turn, re);
    return;
  }
  if (turn.state.routes.size >= 4 * MAX_OPEN) {
    turn.refuse(re, 'busy');
    return;
  }
  switch (call.t) {
    case 'store.put':
    case 'store.replicate': {
      const { type, key } = call.body;
      const bytes = request.bytes ?? new Uint8Array();
      if (openBytes(turn.state) + bytes.length > MAX_OPEN_BYTES) {
        turn.refuse(re, 'busy');
        return;
      }
      const item = checkItem({ type, key, bytes });
      if (!item.ok) {
        refuseFalse(turn, re);
        return;
      }
      if (call.t === 'store.put') {
        servePut(turn, { re, from, item: item.value });
        return;
      }
      const serve: Serve = { kind: 'replicate', item: item.value };
      turn.store(writeRequest(turn, item.value, from), { kind: 'serve', re, serve });
      return;
    }
    case 'store.get':
      turn.store({ kind: 'read', name: call.body }, { kind: 'serve', re, serve: { kind: 'get' } });
      return;
    case 'store.records':
      turn.store({ kind: 'records', key: call.body.key }, { kind: 'serve', re, serve: { kind: 'records' } });
      return;
    case 'store.compare':
    case 'store.list':
      serveNode(turn, re, call);
      return;
    case 'store.have': {
      const items = call.body.items.map(nameOf);
      hold(turn, items);
      turn.store({ kind: 'missing', items }, { kind: 'serve', re, serve: { kind: 'have', items } });
      return;
    }
    default:
      call satisfies never;
  }
}

function serveNode(turn: Turn, re: string, call: Extract<StoreCall, { t: 'store.compare' | 'store.list' }>): void {
  const { after, until, prefix } = call.body;
  const ranges = rangesOf({ after, until }, prefix);
  if (call.t === 'store.list') {
    turn.store({ kind: 'list', ranges, limit: BATCH_ITEMS }, { kind: 'serve', re, serve: { kind: 'list' } });
    return;
  }
  const serve: Serve = { kind: 'compare', digests: call.body.digests };
  turn.store({ kind: 'children', ranges, depth: prefix.length }, { kind: 'serve', re, serve });
}

/** The store did what a peer's request needed. */
export function served(turn: Turn, given: { re: string; serve: Serve; result: StoreResult }): void {
  const { re, serve, result } = given;
  switch (serve.kind) {
    case 'replicate': {
      const kept = receiptOfWrite(turn, serve.item, result);
      if (kept.receipt) turn.answer(re, 'store.receipts', { receipts: [receiptToJson(kept.receipt)] });
      else turn.refuse(re, kept.refused);
      return;
    }
    case 'get':
      if (result.kind !== 'read') {
        turn.refuse(re, 'unavailable');
        return;
      }
      if (result.bytes) {
        turn.answer(re, 'store.item', {}, result.bytes);
        return;
      }
      turn.answer(re, 'store.none', {});
      return;
    case 'records': {
      if (result.kind !== 'records') {
        turn.refuse(re, 'unavailable');
        return;
      }
      const bytes = Buffer.concat(result.records);
      if (bytes.length > MAX_RECORDS_BYTES) {
        turn.refuse(re, 'unavailable');
        return;
      }
      turn.answer(re, 'store.found', { lengths: result.records.map(({ length }) => length) }, bytes);
      return;
    }
    case 'list':
      if (result.kind !== 'list') {
        turn.refuse(re, 'unavailable');
        return;
      }
      turn.answer(re, 'store.items', { items: result.items.map(itemJson) });
      return;
    case 'compare': {
      if (result.kind !== 'children') {
        turn.refuse(re, 'unavailable');
        return;
      }
      const children = result.children.flatMap(({ count, digest }, digit) =>
        digest === serve.digests[digit] ? [] : [{ digit, count }],
      );
      turn.answer(re, 'store.differing', { children });
      return;
    }
    case 'have': {
      if (result.kind !== 'missing') {
        turn.refuse(re, 'unavailable');
        return;
      }
      const missing = new Set(result.items.map(({ key, id }) => key + id));
      const positions = serve.items.flatMap(({ key, id }, position) => (missing.has(key + id) ? [position] : []));
      turn.answer(re, 'store.missing', { positions });
      return;
    }
    default:
      serve satisfies never;
  }
}

/** Bytes of the items that are being written or forwarded for peers and this node. */
function openBytes({ writes, routes }: ReplicationState): number {
  let sizeBytes = 0;
  for (const { item } of writes.values()) sizeBytes += item.sizeBytes;
  for (const route of routes.values()) {
    if (route.kind === 'serve' && route.serve.kind === 'replicate') sizeBytes += route.serve.item.sizeBytes;
  }
  return sizeBytes;
}

/** An item's name as a message carries it. */
export function itemJson({ type, key, id, sizeBytes }: ItemName) {
  return { type, key, id, sizeBytes };
}

function refuseFalse(turn: Turn, re: string): void {
  turn.count('refusedRequests');
  turn.refuse(re, 'malformed');
}

/**
 * Who asks `have` may delete its own copies because these are here. Two nodes that both think that they are not replicas must not delete
 * relying on each other: for a while nothing of this range is deleted here.
 */
function hold(turn: Turn, items: readonly ItemName[]): void {
  const keys = items.map(({ key }) => key).toSorted();
  const untilMs = turn.nowMs + turn.state.settings.holdMs;
  const running = turn.state.holds.filter((other) => other.untilMs > turn.nowMs);
  const range = { first: keys[0] ?? FIRST_KEY, last: keys.at(-1) ?? LAST_KEY };
  const whole = { range: { first: FIRST_KEY, last: LAST_KEY }, untilMs };
  turn.change({ holds: running.length < MAX_HOLDS ? [...running, { range, untilMs }] : [whole] });
}
