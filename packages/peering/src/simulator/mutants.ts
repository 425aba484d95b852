// Wrong protocols that the checker must catch: each puts one wrong rule in the place of a right one (chord/rules.ts). Most are what original
// Chord or flowchain-ledger did (peering.md 1 and 2.1).

import { CORRECT_RULES } from '../chord/index.ts';
import type { Pointers } from '../chord/pointers.ts';
import type { Rules } from '../chord/rules.ts';
import type { NodeId } from '../node-id.ts';

export const MUTANTS: Readonly<Record<string, Partial<Rules>>> = {
  /** Original Chord without rule (a): the successor's predecessor is adopted without asking whether it lives. */
  'adopts a pointer that did not answer': {
    adoptSuccessor(n, s, r) {
      const { pointers, candidate } = CORRECT_RULES.adoptSuccessor(n, s, r);
      if (candidate === null) return { pointers, candidate };
      return {
        pointers: { ...pointers, successors: [candidate, ...pointers.successors].slice(0, r) },
        candidate: null,
      };
    },
  },
  /** Original Chord: a ring of one, lists that may hold the node itself, no floor of principals. */
  'starts from one node': {
    smallestRing: () => 1,
    foundingPointers: (self) => ({ self, predecessor: self, successors: [self] }),
    joinAfter: (self, p, r) => ({ self, predecessor: p.self, successors: [...p.successors, p.self].slice(0, r) }),
    adoptSuccessor: adoptUncut,
    adoptPredecessorOfSuccessor: (n, c, r) => ({ ...n, successors: [c.self, ...c.successors].slice(0, r) }),
  },
  'never rectifies its predecessor': { judgeCandidate: () => 'keep' },
  /** Flowchain: beyond the wrap-around, the complement. */
  'has between inverted where the circle closes': {
    between: betweenInverted,
    routeFrom: (place, key) => CORRECT_RULES.routeFrom({ ...place, between: betweenInverted }, key),
  },
  /** Flowchain's find_successor: outside (n, successor] it names the closest node before the key as if that were the owner. */
  'does not forward lookups': {
    routeFrom(place, key) {
      const route = CORRECT_RULES.routeFrom(place, key);
      return { ...route, isMine: route.isMine || route.owners.length === 0, closer: [] };
    },
  },
  /** Flowchain: any answer, asked for or not, sets the successor. */
  'takes a successor from answers that nobody asked for': {
    takeUnasked: (n, claimed) => ({ ...n, successors: claimed.successors }),
  },
  /** Flowchain: the successor failed, so the node is its own. */
  'becomes its own successor when it fails': {
    dropSuccessor: (n) => ({ ...n, successors: [n.self] }),
  },
  /** Flowchain: 8 fingers of identifiers with many more bits, all equal to the successor. */
  'has fingers for 8 bits only': { fingerExponents: [7, 6, 5, 4, 3, 2, 1, 0] },
  /** Flowchain's NOTIFY_JOIN: the successor is whoever asks, its list and its place are not looked at. */
  'joins wherever it asked': {
    joinAfter: (self, p, r) => ({ self, predecessor: p.self, successors: [p.self, ...p.successors].slice(0, r) }),
  },
};

/** The rules of a mutant. Throws RangeError for an unknown one. */
export function mutantRules(name: string): Rules {
  const wrong = MUTANTS[name];
  if (!wrong) throw new RangeError('there is no such mutant');
  return { ...CORRECT_RULES, ...wrong };
}

function adoptUncut(n: Pointers, s: Pointers, r: number): { pointers: Pointers; candidate: NodeId | null } {
  const isNearer = s.predecessor !== null && CORRECT_RULES.between(n.self, s.predecessor, s.self);
  const successors = [s.self, ...s.successors].slice(0, r);
  return { pointers: { ...n, successors }, candidate: isNearer ? s.predecessor : null };
}

function betweenInverted(a: NodeId, x: NodeId, b: NodeId): boolean {
  return a < b ? a < x && x < b : !(x > a || x < b);
}
