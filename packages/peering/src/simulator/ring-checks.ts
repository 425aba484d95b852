// The checks of peering.md 2.6 over the pointers of the members that run: I1 to I4 hold always (in the proved mode), I5 and I6 only when the
// ring is ideal, and whether it is ideal.

import type { Pointers } from '../chord/pointers.ts';
import { clockwise } from '../chord/route.ts';
import { between, type NodeId } from '../node-id.ts';

/** The members that run. */
export type Ring = ReadonlyMap<NodeId, Pointers>;

/** What is violated among I1 to I4, in words; null for nothing. */
export function violation(ring: Ring, r: number): string | null {
  for (const pointers of ring.values()) {
    if (!isListSound(pointers, r))
      return `I1: the list of ${short(pointers.self)} is ${pointers.successors.map(short)}`;
    if (bestSuccessor(ring, pointers) === undefined) return `I2: ${short(pointers.self)} has no live successor`;
  }
  const count = principals(ring).length;
  if (count < r + 1) return `I3: ${count} principals are left`;
  return badCycle(ring);
}

/** Members that no extended successor list skips. `lists`: further lists that are about to be in use. */
export function principals(ring: Ring, lists: readonly Pointers[] = []): NodeId[] {
  const skips: [NodeId, NodeId][] = [];
  for (const { self, successors } of [...ring.values(), ...lists]) {
    let last = self;
    for (const id of successors) {
      skips.push([last, id]);
      last = id;
    }
  }
  return [...ring.keys()].filter((p) => skips.every(([x, y]) => !between(x, p, y)));
}

/** The first successor that is a member and runs. */
export function bestSuccessor(ring: Ring, { successors }: Pointers): NodeId | undefined {
  return successors.find((id) => ring.has(id));
}

/** Whether everybody points to the next r members and the one before. */
export function isIdeal(ring: Ring, r: number): boolean {
  const members = [...ring.keys()].sort();
  return members.every((id, place) => {
    const pointers = ring.get(id);
    const around = [
      ...members.slice(place + 1, place + 1 + r),
      ...members.slice(0, Math.max(0, place + 1 + r - members.length)),
    ];
    const expected = around.filter((other) => other !== id).slice(0, r);
    const previous = members.at(place - 1);
    return (
      pointers?.predecessor === previous &&
      pointers?.successors.length === expected.length &&
      expected.every((other, i) => pointers.successors[i] === other)
    );
  });
}

/** Who owns the key among the members. */
export function ownerOf(members: readonly NodeId[], key: NodeId): NodeId | undefined {
  const ascending = members.toSorted();
  return ascending.find((id) => id >= key) ?? ascending[0];
}

/** I5: how many appendages merge into the ring where something of the ring stands between. Legal during churn. */
export function unorderedMerges(ring: Ring): number {
  const cycle = cycleOf(ring);
  const inCycle = new Set(cycle);
  return [...ring.values()].filter((n) => {
    const merged = bestSuccessor(ring, n);
    if (inCycle.has(n.self) || merged === undefined || !inCycle.has(merged)) return false;
    const before = cycle[(cycle.indexOf(merged) + cycle.length - 1) % cycle.length];
    return before !== undefined && !between(before, n.self, merged);
  }).length;
}

/** I6: how many lists skip a member that a list of a node right before them has. Legal during churn. */
export function invalidLists(ring: Ring): number {
  return [...ring.values()].filter((w) => {
    const skipped = [...ring.keys()].filter((v) =>
      w.successors.some((y, i) => between(w.successors[i - 1] ?? w.self, v, y)),
    );
    const antecedents = [...ring.values()].filter((a) => bestSuccessor(ring, a) === w.self);
    return skipped.some((v) => antecedents.some((a) => a.successors.includes(v)));
  }).length;
}

function isListSound({ self, successors }: Pointers, r: number): boolean {
  if (successors.length > r) return false;
  const around = [self, ...successors];
  return successors.every((id, i) => id !== self && (i === 0 || clockwise(self, around[i] ?? self, id) < 0));
}

/** I4: exactly one cycle of best successors, its identifiers in order, and everybody leads to it. */
function badCycle(ring: Ring): string | null {
  const cycle = cycleOf(ring);
  if (cycle.length === 0) return 'I4: there is no ring';
  const descents = cycle.filter((id, i) => id >= (cycle[(i + 1) % cycle.length] ?? id)).length;
  if (descents !== 1) return `I4: the ring ${cycle.map(short)} is out of order`;
  const inCycle = new Set(cycle);
  for (const start of ring.values()) {
    let at: Pointers | undefined = start;
    for (let steps = 0; at && !inCycle.has(at.self); steps++) {
      if (steps > ring.size) return 'I4: there are two rings';
      at = ring.get(bestSuccessor(ring, at) ?? at.self);
    }
  }
  return null;
}

/** The cycle that the first member leads to. */
function cycleOf(ring: Ring): NodeId[] {
  const seen = new Map<NodeId, number>();
  const path: NodeId[] = [];
  let at = ring.values().next().value;
  while (at && !seen.has(at.self)) {
    seen.set(at.self, path.length);
    path.push(at.self);
    at = ring.get(bestSuccessor(ring, at) ?? at.self);
  }
  return at ? path.slice(seen.get(at.self)) : [];
}

function short(id: NodeId): string {
  return id.slice(0, 6);
}
