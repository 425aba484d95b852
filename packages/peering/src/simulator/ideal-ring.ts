// An ideal ring built directly, without founding it: every node's state as it would be at rest, and calls between them that take no time.

import type { CallEffect, Message } from '../calls.ts';
import {
  type ChordEvent,
  type ChordSettings,
  type ChordState,
  CORRECT_RULES,
  chordStep,
  initialState,
  type LocatedEffect,
  type Roster,
  TIMINGS,
} from '../chord/index.ts';
import { type NodeId, pointAfter } from '../node-id.ts';
import { randomRoster } from './random-roster.ts';
import { sfc32 } from './sfc32.ts';

export class IdealRing {
  readonly ids: readonly NodeId[];
  readonly roster: Roster;
  readonly states = new Map<NodeId, ChordState>();
  /** Requests that nodes made of each other so far. */
  requests = 0;
  private readonly random: () => number;
  private nextToken = 1;

  /** `absent`: so many nodes of the roster, by chance, are no members yet. */
  constructor({ nodes, r, seed, absent = 0 }: { nodes: number; r: number; seed: number; absent?: number }) {
    const enrolled = randomRoster(nodes + absent, seed);
    const roster = new Map(enrolled.map((contact) => [contact.id, contact]));
    // Spread over the circle: identifiers are by chance already, and sorted.
    const contacts = enrolled.filter(
      (_, i) => Math.floor(((i + 1) * absent) / (nodes + absent)) === Math.floor((i * absent) / (nodes + absent)),
    );
    this.roster = roster;
    const settings: ChordSettings = { r, rules: CORRECT_RULES, timings: TIMINGS };
    this.random = sfc32(seed);
    this.ids = contacts.map(({ id }) => id);
    for (const [place, self] of contacts.entries()) {
      const empty = { ...initialState(self, settings, new Map()), roster };
      const successors = Array.from({ length: Math.min(r, nodes - 1) }, (_, i) => this.idAt(place + 1 + i));
      const pointers = { self: self.id, predecessor: this.idAt(place - 1), successors };
      this.states.set(self.id, { ...empty, mode: 'member', pointers, fingers: this.fingersOf(self.id, successors[0]) });
    }
  }

  /** Who owns a key. */
  ownerOf(key: NodeId): NodeId {
    let low = 0;
    let high = this.ids.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.idAt(middle) < key) low = middle + 1;
      else high = middle;
    }
    return this.idAt(low);
  }

  /** A lookup by the reducer's own code, from one node. Throws if it does not end. */
  locate(from: NodeId, key: NodeId): LocatedEffect {
    const token = String(this.nextToken++);
    const located = this.run(from, { kind: 'locate', token, key });
    if (!located) throw new RangeError('the lookup did not end');
    return located;
  }

  /** What one node's round of fingers costs: requests. */
  fingerRequests(of: NodeId): number {
    const before = this.requests;
    this.run(of, { kind: 'timer', name: 'fingers' });
    return this.requests - before;
  }

  /** Gives a node an event and carries what comes of it until nothing is under way. */
  private run(node: NodeId, first: ChordEvent): LocatedEffect | null {
    const events = [first];
    let located: LocatedEffect | null = null;
    for (let event = events.shift(); event; event = events.shift()) {
      for (const effect of this.step(node, event)) {
        if (effect.kind === 'call') events.push(this.ask(node, effect));
        else if (effect.kind === 'located') located = effect;
      }
    }
    return located;
  }

  private ask(from: NodeId, { call, to, request }: CallEffect): ChordEvent {
    this.requests++;
    const [answer] = this.step(to.id, { kind: 'request', re: 'now', from, request });
    const reply: Message | undefined = answer?.kind === 'answer' ? answer.reply : undefined;
    return reply ? { kind: 'reply', call, reply } : { kind: 'failed', call, why: 'refused' };
  }

  private step(id: NodeId, event: ChordEvent) {
    const state = this.states.get(id);
    if (!state) throw new RangeError('there is no such node');
    const next = chordStep(state, event, { nowMs: 0, random: this.random });
    this.states.set(id, next.state);
    return next.effects;
  }

  private fingersOf(self: NodeId, head: NodeId | undefined): NodeId[] {
    const found: NodeId[] = [];
    for (let exponent = 255; exponent >= 0; exponent--) {
      const owner = this.ownerOf(pointAfter(self, exponent));
      if (owner === head) break;
      if (owner !== self && found.at(-1) !== owner) found.push(owner);
    }
    return found;
  }

  /** Counted around the circle. */
  private idAt(place: number): NodeId {
    const id = this.ids.at(place % this.ids.length);
    if (id === undefined) throw new RangeError('a ring has nodes');
    return id;
  }
}
