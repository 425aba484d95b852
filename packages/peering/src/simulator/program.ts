// What the simulator runs on each node: a reducer and how it starts. Chord is one; Chord with replication, composed, is another.

import type {
  AnswerEffect,
  CallEffect,
  Contact,
  FailedEvent,
  ReplyEvent,
  RequestEvent,
  TimerEffect,
  TimerEvent,
} from '../calls.ts';
import type { Step, Surroundings } from '../machine.ts';

/** What the simulated network and clock bring to a node. */
export type NetworkEvent = RequestEvent | ReplyEvent | FailedEvent | TimerEvent;

/** What they take from it; `disk` replaces what survives a crash. Every other effect of a program is an output that observers see. */
export type NetworkEffect = CallEffect | AnswerEffect | TimerEffect;
export interface DiskEffect<Disk> {
  readonly kind: 'disk';
  readonly content: Disk;
}

/** `Input`: events that only tests and scenarios give. `Output`: effects that only they see. */
export interface Program<State, Input, Output extends { readonly kind: string }, Disk> {
  /** A process starts with what its disk has: null the first time, and after a wipe. */
  start(seat: {
    self: Contact;
    disk: Disk | null;
    surroundings: Surroundings;
  }): Step<State, NetworkEffect | DiskEffect<Disk> | Output>;
  step(
    state: State,
    event: NetworkEvent | Input,
    surroundings: Surroundings,
  ): Step<State, NetworkEffect | DiskEffect<Disk> | Output>;
}
