// The deterministic simulator: any number of nodes that run one program, one heap of events, virtual time, one seeded generator. Replaying a
// seed gives the same events and so the same trace hash. It knows nothing of Chord.

import { createHash } from 'node:crypto';
import type { CallNumber, Contact, Message } from '../calls.ts';
import type { Step, Surroundings } from '../machine.ts';
import type { NodeId } from '../node-id.ts';
import { EventHeap } from './event-heap.ts';
import type { NetworkFaults } from './network-faults.ts';
import type { DiskEffect, NetworkEffect, NetworkEvent, Program } from './program.ts';
import { sfc32 } from './sfc32.ts';

/** A node's process, or where one was. `life` tells messages and timers of an earlier process from this one's. */
interface Seat<State, Disk> {
  readonly self: Contact;
  readonly skewMs: number;
  readonly drift: number;
  life: number;
  state: State | null;
  disk: Disk | null;
  /** Which of the running timers of a name is the newest. */
  timers: Map<string, number>;
  openCalls: Set<CallNumber>;
}

type Happening<Input> =
  | { readonly to: NodeId; readonly life: number; readonly event: NetworkEvent; readonly timer?: number }
  | { readonly to: NodeId; readonly life: null; readonly event: NetworkEvent }
  | { readonly to: NodeId; readonly life: null; readonly input: Input }
  | { readonly action: () => void };

interface Asked {
  readonly asker: NodeId;
  readonly life: number;
  readonly call: CallNumber;
}

/** What has just happened to a node: the event or input, and what its program wants done. */
export interface Happened<State, Input, Output> {
  readonly atMs: number;
  readonly node: NodeId;
  readonly event: NetworkEvent | Input | 'start' | 'crash';
  readonly before: State | null;
  readonly after: State | null;
  readonly outputs: readonly Output[];
}

export interface SimulatorOptions<State, Input, Output extends { readonly kind: string }, Disk> {
  readonly seed: number;
  readonly program: Program<State, Input, Output, Disk>;
  readonly faults: NetworkFaults;
  /** Sees every event, right after it; where the checks are. What it throws ends the run. */
  readonly observe?: (happened: Happened<State, Input, Output>) => void;
}

export class Simulator<State, Input, Output extends { readonly kind: string }, Disk = null> {
  readonly seed: number;
  readonly random: () => number;
  nowMs = 0;
  eventCount = 0;
  faults: NetworkFaults;
  private readonly options: SimulatorOptions<State, Input, Output, Disk>;
  private readonly heap = new EventHeap<Happening<Input>>();
  private readonly seats = new Map<NodeId, Seat<State, Disk>>();
  private readonly asked = new Map<string, Asked>();
  private readonly trace = createHash('sha256');
  private groups: ReadonlyMap<NodeId, number> | null = null;
  private nextRequest = 1;
  private nextTimer = 1;

  constructor(options: SimulatorOptions<State, Input, Output, Disk>) {
    this.options = options;
    this.seed = options.seed;
    this.faults = options.faults;
    this.random = sfc32(options.seed);
  }

  /** Starts a node's process: for the first time, or again with what its disk kept. */
  start(self: Contact): void {
    const seat = this.seats.get(self.id) ?? this.newSeat(self);
    if (seat.state !== null) throw new RangeError('the node runs already');
    seat.life++;
    seat.timers = new Map();
    seat.openCalls = new Set();
    this.record('start', self.id);
    const step = this.options.program.start({ self, disk: seat.disk, surroundings: this.surroundings(seat) });
    this.take(seat, 'start', step);
  }

  /** Puts a node in place whose state was built elsewhere, and runs what it would have asked for. */
  place(self: Contact, step: Step<State, NetworkEffect | DiskEffect<Disk> | Output>): void {
    const seat = this.newSeat(self);
    seat.life++;
    this.take(seat, 'start', step);
  }

  /** The process ends at once. What it wrote to its disk stays, unless it is wiped. */
  crash(id: NodeId, disk: 'kept' | 'wiped' = 'kept'): void {
    const seat = this.seat(id);
    const before = seat.state;
    seat.state = null;
    if (disk === 'wiped') seat.disk = null;
    this.record(disk === 'wiped' ? 'wipe' : 'crash', id);
    this.options.observe?.({ atMs: this.nowMs, node: id, event: 'crash', before, after: null, outputs: [] });
  }

  /** Nodes of different groups do not hear each other; messages between them are lost without a sign. */
  partition(groups: readonly (readonly NodeId[])[]): void {
    this.groups = new Map(groups.flatMap((group, number) => group.map((id): [NodeId, number] => [id, number])));
    this.record('partition', groups.length);
  }

  heal(): void {
    this.groups = null;
    this.record('heal', 0);
  }

  /** Gives a node an event now. */
  inject(id: NodeId, event: Input | NetworkEvent): void {
    const seat = this.seat(id);
    if (seat.state !== null) this.run(seat, event);
  }

  /** Does something of the scenario at that time. */
  at(atMs: number, action: () => void): void {
    this.heap.push(atMs, { action });
  }

  /** Runs until virtual time has come this far. */
  runUntil(untilMs: number): void {
    for (;;) {
      const nextMs = this.heap.peekMs();
      if (nextMs === undefined || nextMs > untilMs) break;
      const next = this.heap.pop();
      if (!next) break;
      this.nowMs = next.atMs;
      this.happen(next.item);
    }
    this.nowMs = untilMs;
  }

  /** The states of the processes that run. */
  running(): Map<NodeId, State> {
    const states = new Map<NodeId, State>();
    for (const [id, { state }] of this.seats) if (state !== null) states.set(id, state);
    return states;
  }

  stateOf(id: NodeId): State | null {
    return this.seats.get(id)?.state ?? null;
  }

  /** Answers that are on their way to processes that run: each will change its node as if it had changed when the answer was given. */
  *answersUnderWay(): IterableIterator<{ readonly to: NodeId; readonly event: NetworkEvent }> {
    for (const item of this.heap.items()) {
      if (!('event' in item) || item.event.kind !== 'reply') continue;
      const seat = this.seats.get(item.to);
      if (seat?.state && seat.life === item.life) yield { to: item.to, event: item.event };
    }
  }

  /** SHA-256 of all that has happened so far. */
  traceHash(): string {
    return this.trace.copy().digest('hex');
  }

  private newSeat(self: Contact): Seat<State, Disk> {
    const { clockSkewMs, clockDriftShare } = this.faults;
    const off = () => 2 * this.random() - 1;
    const seat: Seat<State, Disk> = {
      self,
      skewMs: clockSkewMs * off(),
      drift: 1 + clockDriftShare * off(),
      life: 0,
      state: null,
      disk: null,
      timers: new Map(),
      openCalls: new Set(),
    };
    this.seats.set(self.id, seat);
    return seat;
  }

  private seat(id: NodeId): Seat<State, Disk> {
    const seat = this.seats.get(id);
    if (!seat) throw new RangeError('there is no such node');
    return seat;
  }

  private happen(item: Happening<Input>): void {
    if ('action' in item) {
      item.action();
      return;
    }
    const seat = this.seats.get(item.to);
    if (!seat?.state || (item.life !== null && item.life !== seat.life)) return;
    if ('input' in item) {
      this.run(seat, item.input);
      return;
    }
    const { event } = item;
    if (event.kind === 'timer' && 'timer' in item && seat.timers.get(event.name) !== item.timer) return;
    if ((event.kind === 'reply' || event.kind === 'failed') && !seat.openCalls.delete(event.call)) return;
    this.run(seat, event);
  }

  private run(seat: Seat<State, Disk>, event: NetworkEvent | Input): void {
    if (seat.state === null) return;
    this.record(JSON.stringify(event), seat.self.id);
    this.take(seat, event, this.options.program.step(seat.state, event, this.surroundings(seat)));
  }

  private take(
    seat: Seat<State, Disk>,
    event: NetworkEvent | Input | 'start',
    step: Step<State, NetworkEffect | DiskEffect<Disk> | Output>,
  ): void {
    const before = seat.state;
    seat.state = step.state;
    this.eventCount++;
    const outputs: Output[] = [];
    for (const effect of step.effects) {
      if (isNetworkEffect(effect)) this.carry(seat, effect);
      else if (isDiskEffect<Disk>(effect)) seat.disk = effect.content;
      else outputs.push(effect);
    }
    const node = seat.self.id;
    this.options.observe?.({ atMs: this.nowMs, node, event, before, after: step.state, outputs });
  }

  private carry(seat: Seat<State, Disk>, effect: NetworkEffect): void {
    const { life } = seat;
    const to = seat.self.id;
    if (effect.kind === 'timer') {
      const timer = this.nextTimer++;
      seat.timers.set(effect.name, timer);
      const event: NetworkEvent = { kind: 'timer', name: effect.name };
      this.heap.push(this.nowMs + effect.afterMs * seat.drift, { to, life, event, timer });
    } else if (effect.kind === 'call') {
      seat.openCalls.add(effect.call);
      const failed: NetworkEvent = { kind: 'failed', call: effect.call, why: 'timeout' };
      this.heap.push(this.nowMs + this.faults.callTimeoutMs, { to, life, event: failed });
      this.sendRequest({ asker: to, life, call: effect.call }, effect.to.id, effect.request);
    } else {
      const asked = this.asked.get(effect.re);
      if (!asked) return;
      this.asked.delete(effect.re);
      const event: NetworkEvent = { kind: 'reply', call: asked.call, reply: effect.reply };
      this.send({ from: to, to: asked.asker }, (atMs) =>
        this.heap.push(atMs, { to: asked.asker, life: asked.life, event }),
      );
    }
  }

  private sendRequest(asked: Asked, to: NodeId, request: Message): void {
    this.send({ from: asked.asker, to }, (atMs) => {
      const re = String(this.nextRequest++);
      this.asked.set(re, asked);
      this.heap.push(atMs, { to, life: null, event: { kind: 'request', re, from: asked.asker, request } });
    });
  }

  private send({ from, to }: { from: NodeId; to: NodeId }, arrive: (atMs: number) => void): void {
    const { minDelayMs, maxDelayMs, dropShare, duplicateShare } = this.faults;
    const isCut = this.groups !== null && this.groups.get(from) !== this.groups.get(to);
    const isLost = dropShare > 0 && this.random() < dropShare;
    if (isCut || isLost) return;
    const delay = () => minDelayMs + (maxDelayMs - minDelayMs) * this.random();
    arrive(this.nowMs + delay());
    if (duplicateShare > 0 && this.random() < duplicateShare) arrive(this.nowMs + delay());
  }

  private surroundings(seat: Seat<State, Disk>): Surroundings {
    return { nowMs: this.nowMs + seat.skewMs, random: this.random };
  }

  private record(what: string, about: NodeId | number): void {
    this.trace.update(`${this.nowMs} ${about} ${what}\n`);
  }
}

function isNetworkEffect(effect: { readonly kind: string }): effect is NetworkEffect {
  return effect.kind === 'call' || effect.kind === 'answer' || effect.kind === 'timer';
}

function isDiskEffect<Disk>(effect: { readonly kind: string }): effect is DiskEffect<Disk> {
  return effect.kind === 'disk';
}
