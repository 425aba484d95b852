// What a node's Chord is set to: r, its periods, and the rules it follows. Periods are milliseconds; the simulator and tests choose others.

import type { Rules } from './rules.ts';

export interface ChordTimings {
  readonly stabilizeMs: number;
  readonly fingersMs: number;
  readonly pingMs: number;
  readonly mergeMs: number;
  readonly probeMs: number;
  readonly promiseMs: number;
  readonly busyRetryMs: number;
}

export interface ChordSettings {
  /** Successors kept, the same in the whole ring (ring-size.ts). */
  readonly r: number;
  readonly timings: ChordTimings;
  readonly rules: Rules;
}

export const TIMINGS: ChordTimings = {
  /** Bounds how long a new member stays unseen. Flowchain took 60 s; one request a second costs nothing between a hundred receivers. */
  stabilizeMs: 1_000,
  /** Fingers only shorten lookups, and lookups survive wrong ones: log2 N lookups per node each half minute. A guess. */
  fingersMs: 30_000,
  /** With MISSED_PINGS, a dead neighbour is known after 3 s and a time-out (peering.md 2.4, rule (d)). */
  pingMs: 1_000,
  /** How soon two rings find each other after a partition (peering.md 2.4, MERGE). */
  mergeMs: 10_000,
  /** How often a node without a ring looks for one; as long as a person who starts the nodes does not wait for it. */
  probeMs: 1_000,
  /** A founder waits this long for the ring it agreed to: two time-outs of 2 s (the proposal's and the installation's) and some more. */
  promiseMs: 6_000,
  /** The longest first wait after BUSY; a step takes one round trip, so the asked node is free again soon. A guess. */
  busyRetryMs: 150,
};

/** 3 missed pings in a row make a suspicion (peering.md 2.4, rule (d)). */
export const MISSED_PINGS = 3;

/** How often a step that met BUSY is tried again before the next period; ends the circle of nodes that all wait for each other. A guess. */
export const BUSY_RETRIES = 4;

/** A peer that answers BUSY this many times in a row is taken for dead, or it could hold its predecessor for ever. A guess, far above
 * what honest nodes reach: each of their steps lasts one round trip. */
export const BUSY_LIMIT = 40;

/** Periods differ by up to this share from node to node and time to time, so that nodes started together do not keep step. A guess. */
const JITTER = 0.2;

/** A period with jitter, in whole milliseconds. */
export function jittered(periodMs: number, random: () => number): number {
  return Math.round(periodMs * (1 - JITTER / 2 + JITTER * random()));
}
