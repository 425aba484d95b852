// How long a large ideal ring takes to be ideal again when a share of its nodes fails at once and as many others join.

import { CORRECT_RULES, TIMINGS } from '../chord/index.ts';
import type { Pointers } from '../chord/pointers.ts';
import type { NodeId } from '../node-id.ts';
import { chordProgram } from './chord-program.ts';
import { IdealRing } from './ideal-ring.ts';
import { RELIABLE } from './network-faults.ts';
import { bestSuccessor, isIdeal, type Ring } from './ring-checks.ts';
import { Simulator } from './simulator.ts';

/** So many rounds are waited for before giving up. */
const ROUNDS_LIMIT = 200;

/** Rounds of stabilisation until the ring is ideal. Throws RangeError if it does not get there. `nodes` counts those of the start and the joiners. */
export function roundsToIdeal({
  nodes,
  churned,
  r,
  seed,
}: {
  nodes: number;
  churned: number;
  r: number;
  seed: number;
}): number {
  const start = new IdealRing({ nodes, r, seed, absent: churned });
  const { roster } = start;
  const timings = { ...TIMINGS, pingMs: 10_000 };
  const settings = { r, rules: CORRECT_RULES, timings };
  const simulator = new Simulator({ seed, program: chordProgram(settings, roster), faults: RELIABLE });
  const joiners = [...roster.values()].filter(({ id }) => !start.states.has(id));
  const shuffled = start.ids.map((id) => ({ id, place: simulator.random() })).sort((a, b) => a.place - b.place);
  const failing = shuffled.slice(0, churned).map(({ id }) => id);
  for (const [id, state] of start.states) {
    const effects = ['stabilize', 'fingers', 'ping', 'merge'].map((name) => ({
      kind: 'timer' as const,
      name,
      afterMs: timings.stabilizeMs * simulator.random(),
    }));
    const self = roster.get(id);
    if (self) simulator.place(self, { state: { ...state, settings }, effects });
  }
  for (const id of failing) simulator.crash(id);
  for (const joiner of joiners) simulator.start(joiner);
  for (let round = 1; round <= ROUNDS_LIMIT; round++) {
    simulator.runUntil(round * timings.stabilizeMs);
    const ring = membersOf(simulator.running());
    if (ring.size === nodes && isIdeal(ring, r)) return round;
    if (round === 1 && [...ring.values()].some((one) => bestSuccessor(ring, one) === undefined)) {
      throw new RangeError('this seed fails r neighbours at once, which the proof excludes');
    }
  }
  throw new RangeError('the ring did not become ideal');
}

function membersOf(running: ReadonlyMap<NodeId, { mode: string; pointers: Pointers }>): Ring {
  return new Map([...running].flatMap(([id, { mode, pointers }]) => (mode === 'member' ? [[id, pointers]] : [])));
}
