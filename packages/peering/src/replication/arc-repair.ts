// Local repair: the owner compares its arc with each of its replicas, one after the other, down a Merkle tree with 16 children a node:
// digests of children, then lists of items where they differ and are few; what the replica lacks is sent, what it has more is fetched.
// One item is in memory at a time. Source: peering.md section 2.5.

import type { CallFailure, Contact, Message } from '../calls.ts';
import { type Arc, rangesOf } from './key-range.ts';
import { isSuperseded } from './messages.ts';
import type { ChildDigest, StoreResult } from './replica-store.ts';
import { LIST_ITEMS } from './settings.ts';
import type { SyncSession, SyncStep } from './state.ts';
import { checkItem, type ItemName } from './stored-item.ts';
import type { Turn } from './turn.ts';
import { readReceipt, replicasOfOwn, writeRequest } from './writing.ts';

const ROUTE = { kind: 'sync' } as const;
/** Digits of a key: below this depth a node has one key. */
const MAX_DEPTH = 64;

/** Begins a round with all replicas, unless one runs or this node does not know its arc. */
export function startRound(turn: Turn): void {
  const { view, session } = turn.state;
  if (session) return;
  // Alone the whole circle is this node's; with successors and without a predecessor nobody knows where the arc begins.
  const isAlone = !view.predecessor && view.successors.length === 0;
  if (!view.predecessor && !isAlone) return;
  const [target = null, ...queue] = replicasOfOwn(turn.state);
  turn.change({ queue });
  begin(turn, target);
}

function begin(turn: Turn, target: Contact | null): void {
  const { self, predecessor } = turn.state.view;
  const arc: Arc = { after: (predecessor ?? self).id, until: self.id };
  const step: SyncStep = { kind: 'own-children', prefix: '', wait: ownChildren(turn, arc, '') };
  const empty = { stack: [], push: [], pull: [], movedBytes: 0, pulled: 0, refused: 0 };
  turn.change({ session: { target, arc, step, ...empty } });
}

function ownChildren(turn: Turn, arc: Arc, prefix: string): number {
  return turn.store({ kind: 'children', ranges: rangesOf(arc, prefix), depth: prefix.length }, ROUTE);
}

/** The store did what the session asked for. Answers that an older session waited for are passed over. */
export function repairStored(turn: Turn, wait: number, result: StoreResult): void {
  const { session } = turn.state;
  if (!session || session.step.wait !== wait) return;
  const { step, arc, target } = session;
  if (result.kind === 'failed') {
    fail(turn);
    return;
  }
  if (step.kind === 'own-children' && result.kind === 'children') {
    if (step.prefix === '') turn.change({ arcItems: result.children.reduce((sum, { count }) => sum + count, 0) });
    if (!target) {
      end(turn, 0);
      return;
    }
    const digests = result.children.map(({ digest }) => digest);
    const body = { ...arc, prefix: step.prefix, digests };
    const call = turn.call(target, { t: 'store.compare', body }, ROUTE);
    goOn(turn, { step: { kind: 'their-children', prefix: step.prefix, own: result.children, wait: call } });
  } else if (step.kind === 'own-list' && result.kind === 'list' && target) {
    const call = turn.call(target, { t: 'store.list', body: { ...arc, prefix: step.prefix } }, ROUTE);
    goOn(turn, { step: { kind: 'their-list', prefix: step.prefix, own: result.items, wait: call } });
  } else if (step.kind === 'read' && result.kind === 'read' && target) {
    const { type, key, sizeBytes } = step.item;
    // Gone since it was listed: the next round sees it right.
    if (!result.bytes) {
      next(turn);
      return;
    }
    const call = turn.call(target, { t: 'store.replicate', body: { type, key }, bytes: result.bytes }, ROUTE);
    moved(turn, sizeBytes, { step: { kind: 'push', item: step.item, wait: call } });
  } else if (step.kind === 'write' && result.kind === 'written') {
    if (result.isEquivocation) turn.count('equivocations');
    if (result.outcome === 'quota' || result.outcome === 'full') turn.count('refusedByQuota');
    if (result.outcome !== 'new') {
      next(turn);
      return;
    }
    turn.count('repairedItems');
    goOn(turn, { pulled: session.pulled + 1 });
    next(turn);
  } else fail(turn);
}

/** The replica answered, or did not. */
export function repairReplied(turn: Turn, wait: number, reply: Message | CallFailure): void {
  const { session } = turn.state;
  if (!session?.target || session.step.wait !== wait) return;
  const { step, target } = session;
  if (typeof reply === 'string') {
    fail(turn);
    return;
  }
  if (step.kind === 'push') {
    pushed(turn, { session, target, item: step.item, reply });
    return;
  }
  if (step.kind === 'pull') {
    fetched(turn, { target, item: step.item, reply });
    return;
  }
  const answer = turn.read(reply);
  if (step.kind === 'their-children' && answer?.t === 'store.differing') {
    const found = answer.body.children.map((theirs) => ({ theirs, own: step.own[theirs.digit] }));
    const stack = found.map(({ theirs, own }) => nodeToSee(step.prefix + theirs.digit.toString(16), theirs.count, own));
    goOn(turn, { stack: [...session.stack, ...stack] });
    next(turn);
  } else if (step.kind === 'their-list' && answer?.t === 'store.items') {
    // What is not of this part of the arc is nothing that was asked for.
    const ranges = rangesOf(session.arc, step.prefix);
    const theirs = answer.body.items.filter(({ key }) => ranges.some(({ first, last }) => first <= key && key <= last));
    const push = step.own.filter((item) => !theirs.some((other) => isSame(item, other)));
    const pull = theirs.filter((item) => !step.own.some((other) => isSame(item, other)));
    goOn(turn, { push: [...session.push, ...push], pull: [...session.pull, ...pull] });
    next(turn);
  } else fail(turn);
}

function nodeToSee(prefix: string, theirCount: number, own: ChildDigest | undefined) {
  const isSmall = theirCount <= LIST_ITEMS && (own?.count ?? 0) <= LIST_ITEMS;
  return { kind: isSmall || prefix.length >= MAX_DEPTH ? ('list' as const) : ('compare' as const), prefix };
}

function pushed(turn: Turn, given: { session: SyncSession; target: Contact; item: ItemName; reply: Message }): void {
  const { session, target, item, reply } = given;
  const answer = turn.read(reply);
  // Another record counts more there: this node gets it from the list, or already has.
  const isNewerThere = isSuperseded(item.type, answer);
  const isKept = answer?.t === 'store.receipts' && readReceipt(turn, item, reply, target.id) !== undefined;
  if (isKept) turn.count('repairedItems');
  if (!isKept && !isNewerThere) goOn(turn, { refused: session.refused + 1 });
  next(turn);
}

function fetched(turn: Turn, given: { target: Contact; item: ItemName; reply: Message }): void {
  const { target, item, reply } = given;
  const answer = turn.read(reply);
  const { type, key } = item;
  const bytes = answer?.t === 'store.item' ? (reply.bytes ?? new Uint8Array()) : undefined;
  const checked = bytes && checkItem({ type, key, bytes });
  if (!checked?.ok || checked.value.id !== item.id) {
    // It listed what it does not have, or sent other bytes.
    if (answer) turn.count('lies');
    next(turn);
    return;
  }
  const wait = turn.store(writeRequest(turn, checked.value, target.id), ROUTE);
  moved(turn, checked.value.sizeBytes, { step: { kind: 'write', item, wait } });
}

/** What the session does next: items first, so that the lists in memory stay short. */
function next(turn: Turn): void {
  const { session } = turn.state;
  if (!session?.target) return;
  const { target, arc } = session;
  if (session.movedBytes >= turn.state.settings.roundBytes) {
    turn.repairIn(turn.state.settings.continueMs);
    end(turn, session.push.length + session.refused);
    return;
  }
  const [item, ...push] = session.push;
  if (item) {
    goOn(turn, { push, step: { kind: 'read', item, wait: turn.store({ kind: 'read', name: item }, ROUTE) } });
    return;
  }
  const [wanted, ...pull] = session.pull;
  if (wanted) {
    const { type, key, id } = wanted;
    const wait = turn.call(target, { t: 'store.get', body: { type, key, id } }, ROUTE);
    goOn(turn, { pull, step: { kind: 'pull', item: wanted, wait } });
    return;
  }
  const node = session.stack.at(-1);
  if (!node) {
    end(turn, session.refused);
    return;
  }
  const { prefix } = node;
  const stack = session.stack.slice(0, -1);
  if (node.kind === 'compare') {
    goOn(turn, { stack, step: { kind: 'own-children', prefix, wait: ownChildren(turn, arc, prefix) } });
    return;
  }
  const wait = turn.store({ kind: 'list', ranges: rangesOf(arc, prefix), limit: 4 * LIST_ITEMS }, ROUTE);
  goOn(turn, { stack, step: { kind: 'own-list', prefix, wait } });
}

function goOn(turn: Turn, part: Partial<SyncSession>): void {
  const { session } = turn.state;
  if (session) turn.change({ session: { ...session, ...part } });
}

function moved(turn: Turn, sizeBytes: number, part: Partial<SyncSession>): void {
  turn.count('repairBytes', sizeBytes);
  goOn(turn, { movedBytes: (turn.state.session?.movedBytes ?? 0) + sizeBytes, ...part });
}

/** The replica cannot be compared with now: nobody knows what it has. */
function fail(turn: Turn): void {
  turn.repairIn(turn.state.settings.continueMs);
  end(turn, Math.max(1, turn.state.arcItems));
}

/** `lacking`: items of the arc that the replica is known not to have, or may not have. */
function end(turn: Turn, lacking: number): void {
  const { session, queue, behind } = turn.state;
  if (!session) return;
  const { target, pulled } = session;
  if (target) turn.change({ behind: new Map(behind).set(target.id, lacking) });
  // What came from one replica the others may lack.
  if (pulled > 0) turn.repairIn(turn.state.settings.continueMs);
  const [following, ...rest] = queue;
  turn.change({ session: null, queue: rest });
  if (following) begin(turn, following);
}

function isSame(a: ItemName, b: ItemName): boolean {
  return a.key === b.key && a.id === b.id;
}
