// Beyond the proof, with data: values are put while nodes fail with their disks or without, are suspected though they live, are divided, or
// lie about what they own. Checked throughout: I8 (data-world.ts). Between troubles repair must come to an end, with exactly k copies.

import type { Message } from '../calls.ts';
import { type ChordTimings, CORRECT_RULES, successorListLength, TIMINGS } from '../chord/index.ts';
import type { NodeId } from '../node-id.ts';
import { type ReplicationSettings, SETTINGS } from '../replication/settings.ts';
import { DataWorld } from './data-world.ts';
import { LOSSY, RELIABLE } from './network-faults.ts';

const CHORD_TIMINGS: ChordTimings = { ...TIMINGS, fingersMs: 12_000 };
/** As a receiver's, but sooner: virtual minutes cost real time. */
const REPLICATION: ReplicationSettings = {
  ...SETTINGS,
  repairMs: 10_000,
  continueMs: 1_000,
  holdMs: 20_000,
};
const FORMED_BY_MS = 20_000;
const TROUBLE_MS = 25_000;
const PUTS = 8;
/** Merges of rings, holds, and the walks after them. A guess, generous. */
const QUIET_WITHIN_MS = 400_000;

export interface DataResult {
  readonly traceHash: string;
  readonly eventCount: number;
  readonly counts: DataWorld['counts'];
}

/** Runs one seed. Throws CheckFailure. `mutant`: what every node's answers become. */
export function runWithData(options: {
  readonly seed: number;
  readonly mutant?: (answer: Message) => Message;
}): DataResult {
  const { seed } = options;
  const nodes = 5 + (seed % 5);
  const chord = { r: successorListLength(nodes), rules: CORRECT_RULES, timings: CHORD_TIMINGS };
  const world = new DataWorld({ ...options, nodes, chord, replication: REPLICATION, faults: RELIABLE });
  const { simulator, contacts } = world;
  for (const contact of contacts) simulator.at(5_000 * simulator.random(), () => simulator.start(contact));
  simulator.runUntil(FORMED_BY_MS);
  for (let i = 0; i < PUTS; i++) world.put(world.anyNode());
  simulator.runUntil(simulator.nowMs + 5_000);
  if (world.counts.acknowledged < PUTS) world.fail(`${world.counts.acknowledged} of ${PUTS} puts in a sound ring`);
  becomeQuiet(world);
  for (const place of [seed, Math.floor(seed / TROUBLES.length)]) {
    makeTrouble(world, TROUBLES[place % TROUBLES.length]);
    becomeQuiet(world);
  }
  world.checkReadable();
  leaveOne(world);
  return { traceHash: simulator.traceHash(), eventCount: simulator.eventCount, counts: world.counts };
}

function makeTrouble(world: DataWorld, trouble: ((world: DataWorld) => void) | undefined): void {
  const { simulator } = world;
  simulator.faults = LOSSY;
  for (let i = 0; i < PUTS; i++) {
    simulator.at(simulator.nowMs + TROUBLE_MS * simulator.random(), () => world.put(world.anyNode()));
  }
  trouble?.(world);
  simulator.runUntil(simulator.nowMs + TROUBLE_MS);
}

/** Ends the trouble and waits for what must come of it. */
function becomeQuiet(world: DataWorld): void {
  const { simulator, contacts } = world;
  simulator.heal();
  simulator.faults = RELIABLE;
  world.liars.clear();
  for (const contact of contacts) if (simulator.stateOf(contact.id) === null) simulator.start(contact);
  world.forgetLost();
  const healedAtMs = simulator.nowMs;
  while (!world.isQuiet() || world.underReplicated() > 0) {
    if (simulator.nowMs - healedAtMs > QUIET_WITHIN_MS) {
      if (!world.isSettled()) world.fail('the ring did not recover');
      world.fail(`I8: ${world.misplaced()}; ${world.underReplicated()} nodes lack copies`);
    }
    simulator.runUntil(simulator.nowMs + 1_000);
  }
  world.repaired();
}

/** One leaves; when it is gone, with its disk, k copies are there without any repair. */
function leaveOne(world: DataWorld): void {
  const { simulator } = world;
  const leaver = world.anyNode();
  simulator.inject(leaver, { kind: 'leave' });
  const endsAtMs = simulator.nowMs + 60_000;
  while (simulator.stateOf(leaver)?.composed.chord.mode !== 'leaving') {
    if (simulator.nowMs > endsAtMs) world.fail('a node that leaves does not get ready');
    simulator.runUntil(simulator.nowMs + 50);
  }
  world.checkCopies(REPLICATION.replicas, leaver);
  simulator.runUntil(simulator.nowMs + 5_000);
  world.crash(leaver, 'wiped');
}

const TROUBLES: readonly ((world: DataWorld) => void)[] = [crashSome, suspectTheLiving, divide, lie, crashAndDivide];

/** As many as may fail at once, at any time, and come back during the trouble or after it. */
function crashSome(world: DataWorld): void {
  for (const { id } of someOf(world, REPLICATION.replicas - 1)) crashLater(world, id);
}

function crashLater(world: DataWorld, id: NodeId): void {
  const { simulator } = world;
  const atMs = simulator.nowMs + TROUBLE_MS * 0.5 * simulator.random();
  simulator.at(atMs, () => world.crash(id, simulator.random() < 0.5 ? 'kept' : 'wiped'));
  if (simulator.random() < 0.5) {
    const contact = world.contacts.find((one) => one.id === id);
    if (contact) simulator.at(atMs + 12_000 * simulator.random(), () => simulator.start(contact));
  }
}

function suspectTheLiving(world: DataWorld): void {
  const { simulator, contacts } = world;
  for (let i = 0; i < 3 * contacts.length; i++) {
    simulator.at(simulator.nowMs + TROUBLE_MS * simulator.random(), () => {
      const id = world.anyNode();
      const other = world.anyNode();
      if (other !== id) simulator.inject(id, { kind: 'suspect', id: other });
    });
  }
}

function divide({ simulator, contacts }: DataWorld): void {
  const first = contacts.filter(() => simulator.random() < 0.5).map(({ id }) => id);
  const second = contacts.map(({ id }) => id).filter((id) => !first.includes(id));
  simulator.partition([first, second]);
}

function lie(world: DataWorld): void {
  for (const { id } of someOf(world, 2)) world.liars.add(id);
  suspectTheLiving(world);
}

function crashAndDivide(world: DataWorld): void {
  divide(world);
  for (const { id } of someOf(world, 1)) crashLater(world, id);
  for (const { id } of someOf(world, 1)) world.liars.add(id);
}

function someOf({ contacts, simulator }: DataWorld, count: number): DataWorld['contacts'] {
  const drawn = contacts.map((contact) => ({ contact, draw: simulator.random() }));
  return drawn
    .toSorted((a, b) => a.draw - b.draw)
    .slice(0, count)
    .map(({ contact }) => contact);
}
