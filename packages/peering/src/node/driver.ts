// Drives the composed reducer: carries its calls over the transport, its store operations to the store, its timers and answers, and feeds
// back what comes of them, one event after the other. What our own code throws is logged and counted here and goes no further.

import type { CallFailure, Message } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import type { ReplicaStore } from '../replication/replica-store.ts';
import { CallFailed } from '../transport/call-failed.ts';
import type { CancelTimer, Clock } from '../transport/clock.ts';
import type { TransportLimits } from '../transport/limits.ts';
import type { Transport } from '../transport/transport.ts';
import {
  type ComposedEffect,
  type ComposedEvent,
  type ComposedState,
  type StoreEffect,
  stepComposed,
} from './composed.ts';
import { timeOutMs } from './time-out.ts';

/** One line for each change of state, and for what should not happen. */
export interface RingLog {
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

type CarriedEffect = Extract<ComposedEffect, { kind: 'call' | 'answer' | 'timer' | 'store' }>;
/** What the reducer says to whoever owns the node. */
export type NodeOutput = Exclude<ComposedEffect, CarriedEffect>;

export interface DriverOptions {
  readonly transport: Pick<Transport, 'request'>;
  readonly store: ReplicaStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly limits: TransportLimits;
  readonly log: RingLog;
  /** Sees every output. What it throws is counted like any fault of ours. */
  readonly output: (output: NodeOutput) => void;
  /** Sees the state after each step. */
  readonly stepped: (after: ComposedState) => void;
}

interface Asked {
  readonly resolve: (reply: Message) => void;
  readonly reject: (error: Error) => void;
  readonly cancel: CancelTimer;
}

/** A request that the reducer has not answered after this long is refused, so that a store that hangs does not use up the asker's places
 * for ever. Far above the longest time-out of whoever asks (time-out.ts: 34 s for 64 MiB put); a guess. */
const ANSWER_MS = 60_000;

export class Driver {
  state: ComposedState;
  /** Steps, effects and outputs of ours that threw. */
  faults = 0;
  /** Store operations that the store rejected. */
  storeFailures = 0;
  private readonly options: DriverOptions;
  private readonly events: ComposedEvent[] = [];
  private readonly timers = new Map<string, CancelTimer>();
  private readonly asked = new Map<string, Asked>();
  private nextRequest = 1;
  private isTaking = false;
  private isStopped = false;
  private isStoreAway = false;

  constructor(state: ComposedState, options: DriverOptions) {
    this.state = state;
    this.options = options;
  }

  /** Gives the reducer an event. An event that comes while another is taken waits for it. */
  take(event: ComposedEvent): void {
    this.events.push(event);
    if (this.isTaking) return;
    this.isTaking = true;
    for (let next = this.events.shift(); next; next = this.events.shift()) {
      if (!this.isStopped) this.step(next);
    }
    this.isTaking = false;
  }

  /** Gives the reducer a peer's request. Rejects when it does not answer. */
  ask(from: NodeId, request: Message): Promise<Message> {
    if (this.isStopped) return Promise.reject(new Error('the node is stopping'));
    const re = String(this.nextRequest++);
    return new Promise((resolve, reject) => {
      const cancel = this.options.clock.after(ANSWER_MS, () => {
        if (this.asked.delete(re)) reject(new Error('the request was not answered in time'));
      });
      this.asked.set(re, { resolve, reject, cancel });
      this.take({ kind: 'request', re, from, request });
    });
  }

  /** Nothing more happens: timers end, requests of peers are refused, answers to ours are passed over. */
  stop(): void {
    this.isStopped = true;
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
    for (const { reject, cancel } of this.asked.values()) {
      cancel();
      reject(new Error('the node is stopping'));
    }
    this.asked.clear();
  }

  private step(event: ComposedEvent): void {
    const { clock, random } = this.options;
    this.guard(() => {
      const { state, effects } = stepComposed(this.state, event, { nowMs: clock.wallMs(), random });
      this.state = state;
      for (const effect of effects) this.guard(() => this.carry(effect));
      this.options.stepped(state);
    });
  }

  private carry(effect: ComposedEffect): void {
    switch (effect.kind) {
      case 'call':
        this.call(effect);
        return;
      case 'store':
        this.perform(effect);
        return;
      case 'timer':
        this.wake(effect);
        return;
      case 'answer': {
        const asked = this.asked.get(effect.re);
        this.asked.delete(effect.re);
        asked?.cancel();
        asked?.resolve(effect.reply);
        return;
      }
      default:
        this.options.output(effect);
    }
  }

  private call({ call, to, request }: Extract<ComposedEffect, { kind: 'call' }>): void {
    const { transport, limits } = this.options;
    const failed = (why: CallFailure): void => this.take({ kind: 'failed', call, why });
    transport.request(to, request, { timeoutMs: timeOutMs(request, limits) }).then(
      (reply) => this.take({ kind: 'reply', call, reply }),
      (error: unknown) => {
        if (!(error instanceof CallFailed)) this.fault(error);
        failed(error instanceof CallFailed ? error.why : 'unreachable');
      },
    );
  }

  private perform({ op, request }: StoreEffect): void {
    const failed = (error: unknown): void => {
      this.storeFailures++;
      if (!this.isStoreAway && !this.isStopped) this.options.log.warn({ err: error }, 'ring store failed');
      this.isStoreAway = true;
      this.take({ kind: 'stored', op, result: { kind: 'failed' } });
    };
    let performed: ReturnType<ReplicaStore['perform']>;
    try {
      performed = this.options.store.perform(request);
    } catch (error) {
      failed(error);
      return;
    }
    if (!(performed instanceof Promise)) {
      this.take({ kind: 'stored', op, result: performed });
      return;
    }
    performed.then((result) => {
      if (this.isStoreAway && !this.isStopped) this.options.log.info({}, 'ring store is back');
      this.isStoreAway = false;
      this.take({ kind: 'stored', op, result });
    }, failed);
  }

  private wake({ name, afterMs }: Extract<ComposedEffect, { kind: 'timer' }>): void {
    this.timers.get(name)?.();
    const cancel = this.options.clock.after(afterMs, () => {
      this.timers.delete(name);
      this.take({ kind: 'timer', name });
    });
    this.timers.set(name, cancel);
  }

  private guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fault(error);
    }
  }

  /** A step that threw has changed nothing: its reducer is pure. Effects of it that were carried before stay so. */
  private fault(error: unknown): void {
    this.faults++;
    this.options.log.error({ err: error }, 'ring node failed in a step of its own');
  }
}
