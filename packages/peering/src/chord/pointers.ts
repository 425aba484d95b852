// The pointers of one node and the transitions of Zave's corrected Chord over them (arXiv 1610.01140; peering.md 2.3 and 2.4), one function
// a transition, each atomic. Pure and free of messages: the reducer, the exhaustive small worlds and the mutants all use these.

import { between, type NodeId } from '../node-id.ts';

/** Where a member stands: `successors` clockwise from it, nearest first, at most r, without itself. */
export interface Pointers {
  readonly self: NodeId;
  readonly predecessor: NodeId | null;
  readonly successors: readonly NodeId[];
}

/** Join: n takes the list of p, and p as predecessor. Null unless n stands between p and p's successor. */
export function joinAfter(self: NodeId, p: Pointers, r: number): Pointers | null {
  const head = p.successors[0];
  if (head === undefined || !between(p.self, self, head)) return null;
  const successors = successorList(self, p.successors, r);
  return successors.length === 0 ? null : { self, predecessor: p.self, successors };
}

/** StabilizeFromSuccessor, answered: the list becomes s and what s has; `candidate` is s's predecessor where that one stands between. */
export function adoptSuccessor(
  n: Pointers,
  s: Pointers,
  r: number,
): { readonly pointers: Pointers; readonly candidate: NodeId | null } {
  const successors = successorList(n.self, [s.self, ...s.successors], r);
  const isNearer = s.predecessor !== null && between(n.self, s.predecessor, s.self);
  return { pointers: withSuccessors(n, successors), candidate: isNearer ? s.predecessor : null };
}

/** StabilizeFromSuccessor, not answered: the successor is dropped. An empty list means isolated; it never becomes n itself. */
export function dropSuccessor(n: Pointers): Pointers {
  return { ...n, successors: n.successors.slice(1) };
}

/** StabilizeFromPredecessor: c has answered, so it and what it has become the list, if it is nearer than the head of the list now. */
export function adoptPredecessorOfSuccessor(n: Pointers, c: Pointers, r: number): Pointers {
  const head = n.successors[0];
  if (head === undefined || !between(n.self, c.self, head)) return n;
  return withSuccessors(n, successorList(n.self, [c.self, ...c.successors], r));
}

/** What Rectify does with a candidate: take it, keep the predecessor, or first find out whether the predecessor lives. */
export function judgeCandidate(n: Pointers, candidate: NodeId): 'take' | 'keep' | 'ask-predecessor' {
  if (candidate === n.self || candidate === n.predecessor) return 'keep';
  if (n.predecessor === null || between(n.predecessor, candidate, n.self)) return 'take';
  return 'ask-predecessor';
}

/** The founding of a ring: each of the sorted members has the next r as successors and the one before as predecessor. */
export function foundingPointers(self: NodeId, members: readonly NodeId[], r: number): Pointers {
  const place = members.indexOf(self);
  if (place < 0) throw new RangeError('a founder is one of the members');
  const around = [...members.slice(place + 1), ...members.slice(0, place)];
  return { self, predecessor: around.at(-1) ?? null, successors: around.slice(0, r) };
}

/** The first r of the list, cut where it meets the node itself, a repeat, or turns back: what a lying peer adds never disorders a list. */
function successorList(self: NodeId, ids: readonly NodeId[], r: number): readonly NodeId[] {
  const list: NodeId[] = [];
  let last = self;
  for (const id of ids.slice(0, r)) {
    if (id === self || !between(last, id, self)) break;
    list.push(id);
    last = id;
  }
  return list;
}

/** Whether both are the same in every pointer. */
export function arePointersEqual(a: Pointers, b: Pointers): boolean {
  return a === b || (a.predecessor === b.predecessor && areIdsEqual(a.successors, b.successors));
}

export function areIdsEqual(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}

function withSuccessors(n: Pointers, successors: readonly NodeId[]): Pointers {
  return areIdsEqual(n.successors, successors) ? n : { ...n, successors };
}
