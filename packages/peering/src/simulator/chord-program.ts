// Chord alone as a program of the simulator: it keeps nothing on disk.

import type { CallEffect } from '../calls.ts';
import type { ChordEffect } from '../chord/index.ts';
import {
  type ChordEvent,
  type ChordSettings,
  type ChordState,
  chordStep,
  initialState,
  type Roster,
} from '../chord/index.ts';
import type { NetworkEffect, NetworkEvent, Program } from './program.ts';

export type ChordInput = Exclude<ChordEvent, NetworkEvent>;
export type ChordOutput = Exclude<ChordEffect, NetworkEffect | CallEffect>;

export function chordProgram(
  settings: ChordSettings,
  roster: Roster,
): Program<ChordState, ChordInput, ChordOutput, null> {
  return {
    start: ({ self, surroundings }) => chordStep(initialState(self, settings, roster), { kind: 'start' }, surroundings),
    step: chordStep,
  };
}
