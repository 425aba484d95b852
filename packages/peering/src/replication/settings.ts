// What a node's replication is set to. Times are milliseconds; the simulator and tests choose others.

export interface ReplicationSettings {
  /** k: copies of each item, the owner's included; at most r + 1. */
  readonly replicas: number;
  /** The owner compares its arc with each replica this often (peering.md 2.5). */
  readonly repairMs: number;
  /** Wait after a change of the ring before the arc is compared: changes come in bursts. */
  readonly settleMs: number;
  /** How soon a round that did not finish goes on. */
  readonly continueMs: number;
  /** Items that were confirmed to a peer that may delete its own are not deleted here for this long. */
  readonly holdMs: number;
  /** An owner answers a put after this long, and what its bytes take (msForBytes), even if a replica is silent, once it has a majority's receipts. */
  readonly forwardMs: number;
  readonly retryMs: number;
  /** Bytes kept for each peer that hands items over. */
  readonly peerLimitBytes: number;
  /** Bytes that one round with one replica moves, at most one item more. */
  readonly roundBytes: number;
}

export const SETTINGS: ReplicationSettings = {
  replicas: 3,
  repairMs: 60_000,
  /** A guess: one round of stabilisation. */
  settleMs: 1_000,
  /** A guess: leaves the disk to others between rounds. */
  continueMs: 5_000,
  /** Two repairs: by then both sides have looked at the ring again. */
  holdMs: 120_000,
  /** A guess: far above what a replica takes, and what each put waits for one that has just died. */
  forwardMs: 1_000,
  /** A guess: long enough for one stabilisation to begin, short for whoever waits. */
  retryMs: 500,
  /** 64 GiB. A guess: what a small receiver's disk can spare for each of a few neighbours. */
  peerLimitBytes: 64 * 2 ** 30,
  /** 256 MiB: four of the longest bodies. A guess. */
  roundBytes: 256 * 2 ** 20,
};

/** How often a put or a read looks for the replicas again before it is given up. A guess: with retryMs, longer than a node is suspected. */
export const ATTEMPTS = 6;
/** Puts and reads of this node, and writes for others, that may be under way at once. Bounds the bodies in memory; a guess. */
export const MAX_OPEN = 64;
/** Bytes of items that peers may have under way here at once: four of the longest. More are refused as busy. A guess. */
export const MAX_OPEN_BYTES = 256 * 2 ** 20;
/** A Merkle child with at most so many items on both sides is compared by its list. A list entry is about 200 bytes; a guess. */
export const LIST_ITEMS = 16;
/** Items that one handover message names: with 200 bytes each well within a frame of 256 KiB. */
export const BATCH_ITEMS = 64;
/** Ranges held at once; more are joined to one that holds everything. A guess. */
export const MAX_HOLDS = 64;

/** Bytes of items that pass a link or reach a disk in a millisecond, at least: 4 MiB/s, a slow disk or a link of 32 Mbit/s. A guess. */
const BYTES_PER_MS = 4 * 1024;

/** How much longer than for a message without bytes to wait where so many bytes go along. */
export function msForBytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / BYTES_PER_MS);
}

/** How many of k copies make a put durable: more than half. */
export function majorityOf(replicas: number): number {
  return Math.floor(replicas / 2) + 1;
}
