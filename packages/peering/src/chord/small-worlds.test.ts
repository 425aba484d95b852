// Exhaustive small worlds (peering.md 5.2): every state of a few identifiers that satisfies the invariant, and every transition from it, by
// the very functions that the reducer uses.

import { describe, expect, it } from 'vitest';
import type { NodeId } from '../node-id.ts';
import { nodeIdOf } from '../node-id.ts';
import { isIdeal, principals, type Ring, violation } from '../simulator/ring-checks.ts';
import {
  adoptPredecessorOfSuccessor,
  adoptSuccessor,
  arePointersEqual,
  dropSuccessor,
  joinAfter,
  judgeCandidate,
  type Pointers,
} from './pointers.ts';

const R = 2;

describe('the transitions of Chord in every small world with r = 2', () => {
  it('keep the invariant from every state of 5 identifiers, whatever predecessors are', () => {
    const ids = identifiers(5);
    let states = 0;
    let broken = 0;
    for (const ring of invariantRings(ids, () => [null])) {
      states++;
      for (const next of listTransitions(ring, ids)) if (!holds(next)) broken++;
    }
    expect(states).toBeGreaterThan(1_000);
    expect(broken).toBe(0);
  });

  it('imply one ordered ring to which every member leads, and sound lists, in every state of 5 identifiers', () => {
    for (const ring of invariantRings(identifiers(5), () => [null])) expect(violation(ring, R)).toBeNull();
  });

  it('change something in every state of 4 identifiers that is not ideal, and nothing in one that is', () => {
    const ids = identifiers(4);
    const counts = { ideal: 0, other: 0 };
    for (const ring of invariantRings(ids, (self) => [null, ...ids.filter((id) => id !== self)])) {
      const isAtRest = !isChangeEnabled(ring);
      if (isAtRest !== isIdeal(ring, R)) expect.fail(JSON.stringify([...ring.values()]));
      counts[isAtRest ? 'ideal' : 'other']++;
    }
    // The four rings of 3 members and the one of 4.
    expect(counts.ideal).toBe(5);
    expect(counts.other).toBeGreaterThan(1_000);
  });
});

function identifiers(count: number): NodeId[] {
  return Array.from({ length: count }, (_, i) => nodeIdOf(new Uint8Array(32).fill(16 * (i + 1))));
}

/** Every lawful list of a node: clockwise, without itself, of 1 or 2. */
function lists(self: NodeId, ids: readonly NodeId[]): NodeId[][] {
  const place = ids.indexOf(self);
  const around = [...ids.slice(place + 1), ...ids.slice(0, place)];
  return around.flatMap((first, i) => [[first], ...around.slice(i + 1).map((second) => [first, second])]);
}

function* invariantRings(
  ids: readonly NodeId[],
  predecessors: (self: NodeId) => readonly (NodeId | null)[],
  place = 0,
  ring: Ring = new Map(),
): IterableIterator<Ring> {
  const self = ids[place];
  if (self === undefined) {
    if (holds(ring)) yield ring;
    return;
  }
  yield* invariantRings(ids, predecessors, place + 1, ring);
  for (const successors of lists(self, ids)) {
    for (const predecessor of predecessors(self)) {
      const next = new Map(ring).set(self, { self, predecessor, successors });
      yield* invariantRings(ids, predecessors, place + 1, next);
    }
  }
}

/** OneLiveSuccessor and SufficientPrincipals. */
function holds(ring: Ring): boolean {
  for (const { successors } of ring.values()) if (!successors.some((id) => ring.has(id))) return false;
  return principals(ring).length >= R + 1;
}

/** Every next state that differs in members or lists: joins, failures that the proof allows, and both halves of stabilisation. */
function* listTransitions(ring: Ring, ids: readonly NodeId[]): IterableIterator<Ring> {
  for (const n of ring.values()) {
    const left = new Map(ring);
    left.delete(n.self);
    if (holds(left)) yield left;
    const s = ring.get(n.successors[0] ?? n.self);
    yield withNode(ring, s ? adoptSuccessor(n, s, R).pointers : dropSuccessor(n));
    // Any live member between, whoever named it.
    for (const c of ring.values()) yield withNode(ring, adoptPredecessorOfSuccessor(n, c, R));
  }
  for (const id of ids) {
    if (ring.has(id)) continue;
    for (const p of ring.values()) {
      const joined = joinAfter(id, p, R);
      if (joined) yield withNode(ring, joined);
    }
  }
}

/** Whether a step of any member changes a pointer: its stabilisation, or the rectification that it brings about. */
function isChangeEnabled(ring: Ring): boolean {
  for (const n of ring.values()) {
    const s = ring.get(n.successors[0] ?? n.self);
    if (!s) return true;
    const { pointers, candidate } = adoptSuccessor(n, s, R);
    if (!arePointersEqual(pointers, n)) return true;
    const c = candidate === null ? undefined : ring.get(candidate);
    if (c) return true;
    const verdict = judgeCandidate(s, n.self);
    if (verdict === 'take') return true;
    if (verdict === 'ask-predecessor' && s.predecessor !== null && !ring.has(s.predecessor)) return true;
  }
  return false;
}

function withNode(ring: Ring, pointers: Pointers): Ring {
  return new Map(ring).set(pointers.self, pointers);
}
