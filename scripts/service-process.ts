// How a service's process is run where little memory is to be spent: by the scripts, and by the measurements, which must run what users run. The
// images and the systemd units (deploy/systemd) say the same in words of their own; a test compares them.

import { resolve } from 'node:path';

/**
 * Flags of node. Semi-space: the young generation, in mebibytes; by default it grows with the load and stays large. 100,000 blocks streamed
 * made the receiver grow by 50 to 110 MB, with 4 by 6 to 19 MB; a sender at rest holds 4 MB less with 1 than with 4. With 8 the receiver
 * held 30 MB more under full load and took no less CPU for a reading (one quiet run each).
 * No parallel scavenge: several threads for a few megabytes cost more in waking than they save (about 8 % of the CPU of single readings, measured).
 * No allocation site pretenuring: V8 learns under load, while many requests are open at once, that their parts live long, and from then on
 * makes them where only a major collection frees them. With 3,000 single readings a second there was one every 1.6 s, by four threads on two
 * cores; without it one or none in 7 s, and 600 minor ones took 0.48 s instead of 0.97 (one run each). The p99 until acknowledged: 9 to 29 ms
 * in seven runs, 6 to 13 in thirteen without it.
 * Old space: V8 lets it grow to four times of what lives where there is memory. Growing by 100 % a receiver held 240 MB under full load instead
 * of 319, for the same readings a second. About 20 MB of a sender's live; it is collected at 24 MB, then after growing by 30 %.
 * Measured with 100 readings a second: 94 MB and no more, where it grew by 2 MB in 5 s before.
 * v8-pool-size: one thread beside the main one that marks and compiles, not four, which on two cores kept the main thread and PostgreSQL waiting:
 * of 4,600 single readings a second 0.8 to 1.8 % took longer than 20 ms with four, 0.2 to 0.6 % with one (four runs of 16 s each).
 * max-opt: a sender's work is in OpenSSL and SQLite, so V8 may stop at its second compiler; the third alone took 5 MB to load.
 */
const FLAGS = {
  receiver: [
    '--max-semi-space-size=4',
    '--no-parallel-scavenge',
    '--no-allocation-site-pretenuring',
    '--heap-growing-percent=100',
    '--v8-pool-size=1',
  ],
  sender: ['--max-semi-space-size=1', '--initial-old-space-size=24', '--heap-growing-percent=30', '--max-opt=2'],
} as const;

export type ServiceKind = keyof typeof FLAGS;

/** The checkout. */
export const root = resolve(import.meta.dirname, '..');

/** Files that run as threads of a service. */
const THREADS = {
  receiver: [
    'services/receiver/src/seal/miner-worker.ts',
    'services/receiver/src/ingest/verifiers-worker.ts',
    'packages/signature-threads/src/signature-worker.ts',
  ],
  sender: [],
} as const;

/** What runs a service: the arguments of node, its own file included. */
export function serviceArguments(kind: ServiceKind): string[] {
  return [...FLAGS[kind], resolve(root, mainFile(kind))];
}

/**
 * What has a service's modules compiled, its threads' included, as arguments of node. With PORT=none and no parent all of them end by
 * themselves, with an error: they are for the cache that they leave (SERVICE_ENVIRONMENT).
 */
export function compilingArguments(kind: ServiceKind): string[][] {
  return [mainFile(kind), ...THREADS[kind]].map((file) => [...FLAGS[kind], resolve(root, file)]);
}

function mainFile(kind: ServiceKind): string {
  return `services/${kind}/src/main.ts`;
}

/**
 * Variables that a service is run with, unless the environment says otherwise.
 *
 * Heaps of glibc's malloc: by default eight for each core, and what one thread frees another cannot use. Measured under full load: 318 MB
 * without, 233 MB with two, no slower.
 *
 * Node.js's cache of compiled modules: what strips the types is not even loaded then. Measured at rest, from the second start on: 136 MB instead
 * of 163 MB for the receiver; 81 MB for the sender, which had 119 MB before this and the flags above. Where the folder cannot be written, all
 * goes on without it.
 */
export const SERVICE_ENVIRONMENT = {
  MALLOC_ARENA_MAX: '2',
  NODE_COMPILE_CACHE: resolve(root, 'node_modules/.cache/telltale'),
} as const;
