// LOOKUP (peering.md 2.4), iterative: this node asks one node after the other, each nearer to the key, until the owner itself says that the
// key is its own. What nodes answer is believed only where it makes progress; whoever does not answer is passed over for the next best.

import type { NodeId } from '../node-id.ts';
import type { Candidate, Found, Lookup, LookupNumber, LookupPurpose } from './lookup-state.ts';
import type { ChordReply } from './messages.ts';
import { claimedPointers } from './peer-pointers.ts';
import { lookupLimit } from './ring-size.ts';
import { isUsable } from './state.ts';
import type { Turn } from './turn.ts';

export interface Ended {
  readonly purpose: LookupPurpose;
  readonly key: NodeId;
  readonly found: Found | null;
}

type LookupReply = Extract<ChordReply, { t: 'chord.mine' | 'chord.toward' }>;

/** Begins a lookup: at this node, a member, or `via` others, best first. It may end at once, which is what is returned. */
export function startLookup(
  turn: Turn,
  { key, purpose, via }: { key: NodeId; purpose: LookupPurpose; via?: readonly NodeId[] },
): Ended | null {
  const seeks = purpose.kind === 'join' || purpose.kind === 'merge' ? 'predecessor' : 'owner';
  if (via) {
    const hops = via.map((id): Candidate => ({ id, as: 'hop' }));
    return advance(turn, null, begin({ key, seeks, purpose }, hops));
  }
  const { pointers, fingers, mode, self } = turn.state;
  const route = turn.rules.routeFrom({ pointers, fingers, between: turn.rules.between }, key);
  if (mode === 'member' && route.isMine) {
    turn.count('lookups');
    return { purpose, key, found: { id: self.id, successors: pointers.successors, hops: 0 } };
  }
  return advance(turn, null, begin({ key, seeks, purpose }, mode === 'member' ? candidatesOf(route) : []));
}

/** A node that was asked has answered, or not (null). Returns the lookup's end, if this was it. */
export function continueLookup(turn: Turn, number: LookupNumber, reply: ChordReply | null): Ended | null {
  const lookup = turn.state.lookups.get(number);
  if (!lookup) return null;
  const { id } = lookup.asked;
  if (reply?.t !== 'chord.mine' && reply?.t !== 'chord.toward') {
    turn.update({ fingers: turn.state.fingers.filter((finger) => finger !== id) });
    return advance(turn, number, lookup);
  }
  turn.hear(id);
  const heard = { ...lookup, hops: lookup.hops + 1 };
  const { successors } = claimedPointers(turn.state, id, {
    predecessor: null,
    successors: reply.t === 'chord.mine' ? reply.body.successors : reply.body.owners,
  });
  const isEnd = lookup.seeks === 'owner' ? reply.t === 'chord.mine' : reply.t === 'chord.toward' && isLast(reply);
  if (isEnd && reply.t === 'chord.mine' && !isCredible(turn, lookup, reply.body.predecessor)) {
    turn.count('rejectedHops');
    return advance(turn, number, heard);
  }
  if (isEnd) return end(turn, { number, lookup: heard }, { id, successors, hops: heard.hops });
  const named = namedBy(heard, reply);
  const good = named.filter((candidate) => isProgress(turn, heard, candidate));
  if (good.length < named.length) turn.count('rejectedHops', named.length - good.length);
  return advance(turn, number, { ...heard, waiting: [...good, ...heard.waiting] });
}

/** Asks the best candidate that was not asked yet; those under suspicion come last. */
function advance(turn: Turn, number: LookupNumber | null, lookup: Lookup): Ended | null {
  const { roster, self, nextLookup, lookups } = turn.state;
  const open = lookup.waiting.filter(({ id }) => roster.has(id) && id !== self.id && !lookup.tried.has(id));
  const next = open.find(({ id }) => isUsable(turn.state, id)) ?? open[0];
  if (!next || lookup.tried.size >= lookupLimit(roster.size, turn.r)) return end(turn, { number, lookup }, null);
  const asking = { ...lookup, asked: next, waiting: open, tried: new Set([...lookup.tried, next.id]) };
  const key = number ?? nextLookup;
  turn.update({ nextLookup: Math.max(nextLookup, key + 1), lookups: new Map(lookups).set(key, asking) });
  turn.call({ t: 'chord.route', body: { key: lookup.key } }, { kind: 'lookup', lookup: key, peer: next.id });
  return null;
}

function end(
  turn: Turn,
  { number, lookup }: { number: LookupNumber | null; lookup: Lookup },
  found: Found | null,
): Ended {
  turn.update({ lookups: new Map([...turn.state.lookups].filter(([other]) => other !== number)) });
  turn.count(found ? 'lookups' : 'lookupFailures');
  if (found) turn.count('lookupHops', found.hops);
  return { purpose: lookup.purpose, key: lookup.key, found };
}

function begin(
  about: { key: NodeId; seeks: Lookup['seeks']; purpose: LookupPurpose },
  waiting: readonly Candidate[],
): Lookup {
  return { ...about, asked: { id: about.key, as: 'hop' }, waiting, tried: new Set(), hops: 0 };
}

/** Whom the answer names. A node that was asked as owner and is not tells who stands before it; a hop tells owners and nearer hops. */
function namedBy({ seeks, asked }: Lookup, { t, body }: LookupReply): Candidate[] {
  const before = body.predecessor === null ? [] : [body.predecessor];
  if (seeks === 'predecessor') {
    return [...(t === 'chord.mine' ? before : []), ...body.closer].map((id) => ({ id, as: 'hop' }));
  }
  if (asked.as === 'owner') return before.map((id) => ({ id, as: 'owner' }));
  return candidatesOf({ closer: body.closer, owners: t === 'chord.toward' ? body.owners : [] });
}

function candidatesOf({ closer, owners }: { closer: readonly NodeId[]; owners: readonly NodeId[] }): Candidate[] {
  const asOwners = owners.map((id): Candidate => ({ id, as: 'owner' }));
  return [...asOwners, ...closer.map((id): Candidate => ({ id, as: 'hop' }))];
}

/** A hop must lie strictly between the node that named it and the key, an owner at or after the key and before a node that disowned it. */
function isProgress(turn: Turn, { asked, key }: Lookup, { id, as }: Candidate): boolean {
  if (as === 'hop') return turn.rules.between(asked.id, id, key);
  return id === key || turn.rules.between(key, id, asked.id);
}

/**
 * Whether a node may own the key as it says: its arc holds the key; and one that was asked as a hop, and so stands between this node and the key,
 * would have to own nearly the whole circle, this member's place too. Then it lies, or does not know the ring yet: the next best is asked.
 */
function isCredible(turn: Turn, { asked, key }: Lookup, predecessor: NodeId | null): boolean {
  if (asked.id === key) return true;
  if (predecessor === null || !turn.rules.between(predecessor, key, asked.id)) return false;
  return asked.as === 'owner' || !turn.rules.between(predecessor, turn.state.self.id, asked.id);
}

function isLast({ body }: Extract<LookupReply, { t: 'chord.toward' }>): boolean {
  return body.closer.length === 0;
}
