// Chord's public face: the reducer, what goes in and out, and what may be seen of a node's place.

export type { ChordEffect, ChordEvent, LeftEffect, LocatedEffect, RingChangedEffect } from './events.ts';
export type { ChordMode } from './messages.ts';
export { successorListLength } from './ring-size.ts';
export { membersSeen, type RingView, ringView } from './ring-view.ts';
export { CORRECT_RULES } from './rules.ts';
export { type ChordSettings, type ChordTimings, TIMINGS } from './settings.ts';
export { type ChordCounters, type ChordState, initialState, type Roster } from './state.ts';
export { chordStep } from './step.ts';
