// One event's work in progress: the next state and the effects so far. Lives for one call of step(); the state that went in stays as it was.

import type { Message } from '../calls.ts';
import type { Surroundings } from '../machine.ts';
import type { NodeId } from '../node-id.ts';
import type { ChordEffect } from './events.ts';
import type { ChordReply, ChordRequest } from './messages.ts';
import { arePointersEqual, type Pointers } from './pointers.ts';
import { jittered } from './settings.ts';
import type { CallPurpose, ChordCounters, ChordState, OpenStep } from './state.ts';

/** The timers of a node. */
export type TimerName = 'stabilize' | 'fingers' | 'ping' | 'merge' | 'probe' | 'promise';

export class Turn {
  state: ChordState;
  readonly effects: ChordEffect[] = [];
  readonly random: () => number;

  constructor(state: ChordState, surroundings: Surroundings) {
    this.state = state;
    this.random = surroundings.random;
  }

  get r(): number {
    return this.state.settings.r;
  }

  get rules() {
    return this.state.settings.rules;
  }

  get timings() {
    return this.state.settings.timings;
  }

  update(change: Partial<ChordState>): void {
    this.state = { ...this.state, ...change };
  }

  count(name: keyof ChordCounters, by = 1): void {
    const { counters } = this.state;
    this.update({ counters: { ...counters, [name]: counters[name] + by } });
  }

  /** New pointers, if they differ. */
  point(pointers: Pointers): void {
    if (!arePointersEqual(this.state.pointers, pointers)) this.update({ pointers });
  }

  /** Asks a node. Throws for one that the roster does not have: whoever asks has looked. */
  call(request: ChordRequest, purpose: CallPurpose): void {
    const to = this.state.roster.get(purpose.peer);
    if (!to) throw new RangeError('only nodes of the roster are asked');
    const call = this.state.nextCall;
    this.update({ nextCall: call + 1, calls: new Map(this.state.calls).set(call, purpose) });
    this.effects.push({ kind: 'call', call, to, request });
  }

  /** Opens the state-changing query of a step. */
  open(step: OpenStep, request: ChordRequest): void {
    this.update({ step });
    this.call(request, { kind: 'step', peer: step.peer });
  }

  answer(re: string, reply: ChordReply): void {
    const message: Message = reply;
    this.effects.push({ kind: 'answer', re, reply: message });
  }

  /** Wakes this node after the period, more or less. */
  wake(name: TimerName, periodMs: number): void {
    this.effects.push({ kind: 'timer', name, afterMs: jittered(periodMs, this.random) });
  }

  /** Wakes this node at any time within the period: for waits that must not be the same on every node. */
  wakeWithin(name: TimerName, periodMs: number): void {
    this.effects.push({ kind: 'timer', name, afterMs: Math.ceil(periodMs * this.random()) });
  }

  /** One of the list by chance. */
  pick(ids: readonly NodeId[]): NodeId | undefined {
    return ids[Math.floor(this.random() * ids.length)];
  }

  /** At most so many of the list, by chance. */
  sample(ids: readonly NodeId[], most: number): NodeId[] {
    const left = [...ids];
    const taken: NodeId[] = [];
    while (left.length > 0 && taken.length < most) {
      taken.push(...left.splice(Math.floor(this.random() * left.length), 1));
    }
    return taken;
  }

  /** A node showed that it lives and is a member. */
  hear(id: NodeId): void {
    const { suspected, missedPings } = this.state;
    if (suspected.has(id)) this.update({ suspected: new Set([...suspected].filter((other) => other !== id)) });
    if (missedPings.has(id)) this.update({ missedPings: new Map([...missedPings].filter(([other]) => other !== id)) });
  }

  /** A node is dead, or no member any more. */
  suspect(id: NodeId): void {
    if (this.state.suspected.has(id) || id === this.state.self.id) return;
    this.update({
      suspected: new Set([...this.state.suspected, id]),
      fingers: this.state.fingers.filter((other) => other !== id),
    });
    this.count('suspicions');
  }
}
