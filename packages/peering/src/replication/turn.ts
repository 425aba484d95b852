// One step under way: the next state as it grows, and the effects in order. Maps and jobs of the state that went in are replaced, never
// changed. The numbers of calls, store operations and locates come from one counter, and `routes` says whose each is.

import type { Contact, Json, Message } from '../calls.ts';
import type { Step, Surroundings } from '../machine.ts';
import type { NodeId } from '../node-id.ts';
import type { ReplicationEffect } from './events.ts';
import { parseReply, type Refused, type StoreReply } from './messages.ts';
import type { StoreRequest } from './replica-store.ts';
import type { ReplicationCounts, ReplicationState, Route } from './state.ts';

type JobTable = 'puts' | 'writes' | 'gets' | 'recordReads';
type JobOf<Table extends JobTable> = ReplicationState[Table] extends ReadonlyMap<number, infer Job> ? Job : never;

export class Turn {
  readonly nowMs: number;
  readonly random: () => number;
  state: ReplicationState;
  private readonly effects: ReplicationEffect[] = [];

  constructor(state: ReplicationState, surroundings: Surroundings) {
    this.state = state;
    this.nowMs = surroundings.nowMs;
    this.random = surroundings.random;
  }

  end(): Step<ReplicationState, ReplicationEffect> {
    return { state: this.state, effects: this.effects };
  }

  change(part: Partial<ReplicationState>): void {
    this.state = { ...this.state, ...part };
  }

  /** The node's clock in microseconds, whole. */
  get nowUs(): number {
    return Math.floor(this.nowMs * 1000);
  }

  count(name: keyof ReplicationCounts, by = 1): void {
    this.change({ counts: { ...this.state.counts, [name]: this.state.counts[name] + by } });
  }

  /** A new number whose end goes to `route`, or that is only a number. */
  number(route?: Route): number {
    const number = this.state.nextNumber;
    this.change({ nextNumber: number + 1 });
    if (route) this.change({ routes: new Map(this.state.routes).set(number, route) });
    return number;
  }

  /** The route of a number that ended, which is forgotten. */
  takeRoute(number: number): Route | undefined {
    const route = this.state.routes.get(number);
    if (!route) return undefined;
    const routes = new Map(this.state.routes);
    routes.delete(number);
    this.change({ routes });
    return route;
  }

  setJob<Table extends JobTable>(table: Table, number: number, job: JobOf<Table>): void {
    this.change({ [table]: new Map<number, unknown>(this.state[table]).set(number, job) });
  }

  dropJob(table: JobTable, number: number): void {
    const jobs = new Map<number, unknown>(this.state[table]);
    jobs.delete(number);
    this.change({ [table]: jobs });
  }

  emit(effect: ReplicationEffect): void {
    this.effects.push(effect);
  }

  call(to: Contact, request: Message, route: Route): number {
    const call = this.number(route);
    this.emit({ kind: 'call', call, to, request });
    return call;
  }

  store(request: StoreRequest, route: Route): number {
    const op = this.number(route);
    this.emit({ kind: 'store', op, request });
    return op;
  }

  locate(key: NodeId, route: Route): number {
    const number = this.number(route);
    this.emit({ kind: 'locate', token: String(number), key });
    return number;
  }

  timer(name: string, afterMs: number): void {
    this.emit({ kind: 'timer', name, afterMs });
  }

  /** Compares the arc with its replicas after this long, or sooner if that was due already. */
  repairIn(afterMs: number): void {
    const repairAtMs = this.nowMs + afterMs;
    const isDueSooner = this.state.repairAtMs > this.nowMs && this.state.repairAtMs <= repairAtMs;
    if (isDueSooner) return;
    this.change({ repairAtMs });
    this.timer('store.repair', afterMs);
  }

  answer(re: string, t: StoreReply['t'], body: Json, bytes?: Uint8Array): void {
    this.emit({ kind: 'answer', re, reply: bytes ? { t, body, bytes } : { t, body } });
  }

  refuse(re: string, code: Refused): void {
    this.answer(re, 'store.refused', { code });
  }

  /** A reply that is one, or undefined, which counts as a lie. */
  read(reply: Message): StoreReply | undefined {
    const parsed = parseReply(reply);
    if (!parsed) this.count('lies');
    return parsed;
  }
}

/** A time with a tenth more or less, in whole milliseconds: nodes that saw the same change do not all act at once. */
export function jittered(timeMs: number, random: () => number): number {
  return Math.round(timeMs * (0.9 + 0.2 * random()));
}
