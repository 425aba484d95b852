// Beyond the proof (peering.md 2.6): messages lost and doubled, half of the nodes down at once, nodes suspected that live, partitions. Nothing
// is promised meanwhile; afterwards all nodes become members of one ideal ring again.

import { CORRECT_RULES, TIMINGS } from '../chord/index.ts';
import { ChordWorld } from './chord-world.ts';
import { LOSSY, RELIABLE } from './network-faults.ts';
import type { ScenarioResult } from './proved-scenario.ts';

const FORMED_BY_MS = 20_000;
const TROUBLE_MS = 25_000;
/** A merge finds the other ring within some periods of 10 s each, and pulls the rest along by stabilisation. A guess, generous. */
const RECOVERED_WITHIN_MS = 240_000;

/** Runs one seed. Throws CheckFailure. */
export function runBeyond({ seed }: { seed: number }): ScenarioResult {
  const nodes = 6 + (seed % 5);
  const r = 2 + (seed % 2);
  const settings = { r, rules: CORRECT_RULES, timings: TIMINGS };
  const world = new ChordWorld({ seed, nodes, settings, faults: RELIABLE, isChecked: false });
  const { simulator } = world;
  for (const contact of world.contacts) simulator.at(5_000 * simulator.random(), () => simulator.start(contact));
  simulator.runUntil(FORMED_BY_MS);
  simulator.faults = LOSSY;
  TROUBLES[seed % TROUBLES.length]?.(world);
  simulator.runUntil(FORMED_BY_MS + TROUBLE_MS);
  simulator.heal();
  simulator.faults = RELIABLE;
  for (const contact of world.contacts) if (simulator.stateOf(contact.id) === null) simulator.start(contact);
  const healedAtMs = simulator.nowMs;
  while (!world.isSettled()) {
    if (simulator.nowMs - healedAtMs > RECOVERED_WITHIN_MS) world.fail('the ring did not recover');
    simulator.runUntil(simulator.nowMs + 1_000);
  }
  const msToIdeal = simulator.nowMs - healedAtMs;
  return { traceHash: simulator.traceHash(), eventCount: simulator.eventCount, msToIdeal, counts: world.counts };
}

const TROUBLES: readonly ((world: ChordWorld) => void)[] = [crashMost, suspectTheLiving, divide, crashAll];

function crashMost({ simulator, contacts }: ChordWorld): void {
  for (const { id } of contacts) {
    if (simulator.random() < 0.6) simulator.crash(id, simulator.random() < 0.5 ? 'kept' : 'wiped');
  }
}

function suspectTheLiving({ simulator, contacts }: ChordWorld): void {
  for (const { id } of contacts) {
    for (const other of contacts) {
      if (other.id !== id && simulator.random() < 0.5) simulator.inject(id, { kind: 'suspect', id: other.id });
    }
  }
}

function divide({ simulator, contacts }: ChordWorld): void {
  const sides: [typeof contacts, typeof contacts] = [
    contacts.filter((_, i) => i % 2 === 0),
    contacts.filter((_, i) => i % 2 === 1),
  ];
  simulator.partition(sides.map((side) => side.map(({ id }) => id)));
}

function crashAll({ simulator, contacts }: ChordWorld): void {
  for (const { id } of contacts) simulator.crash(id);
}
