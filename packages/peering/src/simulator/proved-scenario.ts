// The proved mode (peering.md 2.6): joins, leaves and failures by chance, none that the proof excludes, over a network that reorders and
// delays. I1 to I4 hold after every event; when the churn ends the ring becomes ideal within bounded time, and then nothing changes any more.

import type { Contact } from '../calls.ts';
import { CORRECT_RULES, TIMINGS } from '../chord/index.ts';
import { smallestRing } from '../chord/ring-size.ts';
import type { Rules } from '../chord/rules.ts';
import type { ChordTimings } from '../chord/settings.ts';
import { ChordWorld } from './chord-world.ts';
import { RELIABLE } from './network-faults.ts';
import { randomId } from './random-roster.ts';

export interface ScenarioOptions {
  readonly seed: number;
  readonly rules?: Rules;
  /** Default: by chance, 5 to 9 nodes with r = 2 or 3. */
  readonly nodes?: number;
  readonly r?: number;
  readonly churnMs?: number;
  /** Begins the churn only after the ring of all nodes was ideal and every lookup in it was right. */
  readonly hasLookupsFirst?: boolean;
}

export interface ScenarioResult {
  readonly traceHash: string;
  readonly eventCount: number;
  readonly msToIdeal: number;
  readonly counts: ChordWorld['counts'];
}

/** Pings, fingers and merges seldom: they are most of the traffic and do not move the pointers of a healthy ring. */
const SIMULATED_TIMINGS: ChordTimings = { ...TIMINGS, pingMs: 3_000, fingersMs: 12_000 };
const CHURN_MS = 25_000;
/** Some rounds of pings, and one promise (6 s) to a proposal that failed. */
const FOUNDED_BY_MS = 20_000;
/** Those who are not founders start within this time from then. */
const LATE_STARTS_MS = 15_000;
/** Some rounds of stabilisation, a time-out for each dead pointer, and a failed attempt to join; 21 s was the longest of 1,000 seeds. */
const IDEAL_WITHIN_MS = 40_000;
const QUIET_MS = 10_000;
const CHECK_EVERY_MS = 500;

/** Runs one seed. Throws CheckFailure. */
export function runProved(options: ScenarioOptions): ScenarioResult {
  const pick = options.seed % 10;
  const r = options.r ?? 2 + (pick % 2);
  const nodes = options.nodes ?? 5 + (pick >> 1);
  const rules = options.rules ?? CORRECT_RULES;
  const settings = { r, rules, timings: SIMULATED_TIMINGS };
  const world = new ChordWorld({ seed: options.seed, nodes, settings, faults: RELIABLE, isChecked: true });
  const { simulator } = world;
  startAll(world);
  simulator.runUntil(FOUNDED_BY_MS);
  if (world.ring().size === 0) world.fail('L: no ring was founded');
  if (options.hasLookupsFirst) {
    simulator.runUntil(FOUNDED_BY_MS + LATE_STARTS_MS);
    becomeIdeal(world);
    lookUpEverywhere(world);
  }
  churn(world, simulator.nowMs + (options.churnMs ?? CHURN_MS));
  const msToIdeal = becomeIdeal(world);
  const changesWhenIdeal = world.counts.changes;
  lookUpEverywhere(world);
  if (world.counts.changes > changesWhenIdeal) world.fail('L: an ideal ring went on changing');
  return { traceHash: simulator.traceHash(), eventCount: simulator.eventCount, msToIdeal, counts: world.counts };
}

/** The founders first, or all at once; the others when there is a ring, as the proof has it. */
function startAll({ simulator, contacts, r }: ChordWorld): void {
  const areAllAtOnce = simulator.random() < 0.3;
  for (const [place, contact] of contacts.entries()) {
    const isFirst = areAllAtOnce || place < smallestRing(r);
    simulator.at(isFirst ? 1 : FOUNDED_BY_MS + LATE_STARTS_MS * simulator.random(), () => simulator.start(contact));
  }
}

function churn(world: ChordWorld, untilMs: number): void {
  const { simulator } = world;
  while (simulator.nowMs < untilMs) {
    simulator.runUntil(simulator.nowMs + 1_500 * simulator.random());
    const contact = world.contacts[Math.floor(simulator.random() * world.contacts.length)];
    if (contact) disturb(world, contact);
  }
  // Whoever was to start later has started now.
  simulator.runUntil(Math.max(untilMs, FOUNDED_BY_MS + LATE_STARTS_MS));
}

function disturb(world: ChordWorld, contact: Contact): void {
  const { simulator } = world;
  const state = simulator.stateOf(contact.id);
  const dice = simulator.random();
  if (state === null) {
    if (dice < 0.5 && simulator.nowMs > FOUNDED_BY_MS + LATE_STARTS_MS) simulator.start(contact);
  } else if (state.mode === 'leaving') {
    simulator.crash(contact.id);
  } else if (dice < 0.5) {
    if (state.mode === 'member' && world.canFail(contact.id)) simulator.crash(contact.id);
  } else if (dice < 0.65) {
    if (state.mode === 'member' && world.canFail(contact.id)) simulator.inject(contact.id, { kind: 'leave' });
  } else if (dice < 0.75) {
    world.sendUnasked(contact.id);
  } else {
    world.locate(contact.id, randomId(simulator.random));
  }
}

/** Who has left stops. Returns how long it took the others. */
function becomeIdeal(world: ChordWorld): number {
  const { simulator } = world;
  for (const [id, { mode }] of simulator.running()) if (mode === 'leaving') simulator.crash(id);
  const startedAtMs = simulator.nowMs;
  while (!world.isSettled()) {
    if (simulator.nowMs - startedAtMs > IDEAL_WITHIN_MS) world.fail('L: the ring did not become ideal');
    simulator.runUntil(simulator.nowMs + CHECK_EVERY_MS);
  }
  return simulator.nowMs - startedAtMs;
}

/** From every node a key by chance, in a ring that has been ideal long enough to have its fingers; and nothing may change meanwhile. */
function lookUpEverywhere(world: ChordWorld): void {
  const { simulator } = world;
  simulator.runUntil(simulator.nowMs + QUIET_MS);
  const before = world.counts.unanswered;
  for (const id of world.ring().keys()) world.locate(id, randomId(simulator.random));
  simulator.runUntil(simulator.nowMs + QUIET_MS / 2);
  if (world.counts.unanswered > before) world.fail('I7: a lookup in an ideal ring found nobody');
}
