// The simulator's public face: for tests, benches, and for parts that are composed with Chord.

export { type ChordInput, type ChordOutput, chordProgram } from './chord-program.ts';
export { IdealRing } from './ideal-ring.ts';
export { LOSSY, type NetworkFaults, RELIABLE } from './network-faults.ts';
export type { DiskEffect, NetworkEffect, NetworkEvent, Program } from './program.ts';
export { randomId, randomRoster } from './random-roster.ts';
export { isIdeal, type Ring } from './ring-checks.ts';
export { sfc32 } from './sfc32.ts';
export { type Happened, Simulator } from './simulator.ts';
