// FINGERS (peering.md 2.4): from the far end of the circle inwards, who owns the point 2^i away; the round ends at the successor, after
// about log2 N lookups. They shorten lookups and nothing else depends on them.

import { type NodeId, pointAfter } from '../node-id.ts';
import { type Ended, startLookup } from './lookup.ts';
import type { Found } from './lookup-state.ts';
import type { FingerRound } from './state.ts';
import type { Turn } from './turn.ts';

/** Begins a round, unless one is under way or this node has no ring. */
export function startFingers(turn: Turn): void {
  if (turn.state.mode !== 'member' || turn.state.fingerRound) return;
  lookUpFrom(turn, { place: 0, found: [] });
}

/** One of the round's lookups has ended. */
export function endFinger(turn: Turn, found: Found | null): void {
  const round = turn.state.fingerRound;
  if (!round) return;
  const next = afterLookup(turn, round, found);
  if (next) lookUpFrom(turn, next);
}

function lookUpFrom(turn: Turn, first: FingerRound): void {
  let round: FingerRound | null = first;
  while (round) {
    const exponent: number | undefined = turn.rules.fingerExponents[round.place];
    if (exponent === undefined) {
      finish(turn, round.found);
      return;
    }
    turn.update({ fingerRound: round });
    const key = pointAfter(turn.state.self.id, exponent);
    const ended: Ended | null = startLookup(turn, { key, purpose: { kind: 'finger' } });
    if (!ended) return;
    round = afterLookup(turn, round, ended.found);
  }
}

/** The round with what was found; null when it is over. */
function afterLookup(turn: Turn, { place, found }: FingerRound, result: Found | null): FingerRound | null {
  const { pointers, self, fingers } = turn.state;
  if (result?.id === pointers.successors[0]) {
    finish(turn, found);
    return null;
  }
  const isNew = result !== null && result.id !== self.id && !found.includes(result.id);
  // Used at once, so that the first round of a new member does not walk along successors only.
  if (isNew && !fingers.includes(result.id)) turn.update({ fingers: [...fingers, result.id] });
  return { place: place + 1, found: isNew ? [...found, result.id] : found };
}

function finish(turn: Turn, fingers: readonly NodeId[]): void {
  turn.update({ fingers, fingerRound: null });
}
