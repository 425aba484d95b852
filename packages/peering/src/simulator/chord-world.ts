// A simulated world of Chord nodes whose ring is checked after every event (ring-checks.ts), and what scenarios do to it.

import type { Contact } from '../calls.ts';
import { type ChordSettings, type ChordState, chordStep, type Roster } from '../chord/index.ts';
import type { Pointers } from '../chord/pointers.ts';
import { lookupLimit } from '../chord/ring-size.ts';
import type { NodeId } from '../node-id.ts';
import { CheckFailure } from './check-failure.ts';
import { type ChordInput, type ChordOutput, chordProgram } from './chord-program.ts';
import type { NetworkFaults } from './network-faults.ts';
import { randomRoster } from './random-roster.ts';
import {
  bestSuccessor,
  invalidLists,
  isIdeal,
  ownerOf,
  principals,
  type Ring,
  unorderedMerges,
  violation,
} from './ring-checks.ts';
import { type Happened, Simulator } from './simulator.ts';

export interface ChordWorldOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly settings: ChordSettings;
  readonly faults: NetworkFaults;
  /** Whether I1 to I4 must hold after every event; beyond the proof they need not. */
  readonly isChecked: boolean;
}

export class ChordWorld {
  readonly simulator: Simulator<ChordState, ChordInput, ChordOutput>;
  readonly contacts: readonly Contact[];
  readonly r: number;
  /** Changes of pointers or mode since the start, lookups that ended, and how often I5 and I6 did not hold. */
  readonly counts = { changes: 0, located: 0, unanswered: 0, unorderedMerges: 0, invalidLists: 0 };
  private readonly options: ChordWorldOptions;
  private readonly roster: Roster;
  private isBorn = false;
  private nextToken = 1;
  /** Lookups that began in an ideal ring which has not changed since: they must find the owner. */
  private strict = new Set<string>();

  constructor(options: ChordWorldOptions) {
    this.options = options;
    this.r = options.settings.r;
    this.contacts = randomRoster(options.nodes, options.seed);
    this.roster = new Map(this.contacts.map((contact) => [contact.id, contact]));
    this.simulator = new Simulator({
      seed: options.seed,
      program: chordProgram(options.settings, this.roster),
      faults: options.faults,
      observe: (happened) => this.check(happened),
    });
  }

  /** The pointers of the members that run. */
  ring(): Ring {
    const ring = new Map<NodeId, Pointers>();
    for (const [id, { mode, pointers }] of this.simulator.running()) if (mode === 'member') ring.set(id, pointers);
    return ring;
  }

  isIdeal(): boolean {
    const ring = this.ring();
    return ring.size > 0 && isIdeal(ring, this.r);
  }

  /** Every node that runs is a member, and the ring is ideal. */
  isSettled(): boolean {
    return this.ring().size === this.simulator.running().size && this.isIdeal();
  }

  /** Fail's precondition in the proof: everybody keeps a live successor, and r + 1 principals stay, also with the answers under way. */
  canFail(id: NodeId): boolean {
    const left = new Map(this.ring());
    left.delete(id);
    const coming = this.pointersUnderWay().filter(({ self }) => self !== id);
    const everyone = [...left.values(), ...coming];
    return (
      everyone.every((pointers) => bestSuccessor(left, pointers) !== undefined) &&
      principals(left, coming).length >= this.r + 1
    );
  }

  /** Looks a key up from a node. */
  locate(from: NodeId, key: NodeId): void {
    const token = String(this.nextToken++);
    if (this.isSettled()) this.strict.add(token);
    this.simulator.inject(from, { kind: 'locate', token, key });
  }

  /** Lets a node receive an answer that it did not ask for, and that names any other node as successor. */
  sendUnasked(to: NodeId): void {
    const others = this.contacts.filter(({ id }) => id !== to);
    const named = others[Math.floor(this.simulator.random() * others.length)];
    const reply = { t: 'chord.pointers', body: { predecessor: null, successors: named ? [named.id] : [] } };
    this.simulator.inject(to, { kind: 'reply', call: -1, reply });
  }

  /** Ends the run: the seed is in the message. */
  fail(what: string): never {
    throw new CheckFailure(`seed ${this.options.seed}, ${this.simulator.nowMs.toFixed(0)} ms: ${what}`);
  }

  private check({ before, after, outputs }: Happened<ChordState, ChordInput, ChordOutput>): void {
    const hasChanged = before?.pointers !== after?.pointers || before?.mode !== after?.mode;
    if (hasChanged) this.checkRing();
    for (const output of outputs) if (output.kind === 'located') this.checkLocated(output);
  }

  private checkRing(): void {
    this.counts.changes++;
    this.strict.clear();
    const ring = this.ring();
    // Founders install one after the other; the ring is there when the last has.
    this.isBorn ||= ring.size >= this.options.settings.rules.smallestRing(this.r);
    if (!this.isBorn) return;
    const merges = unorderedMerges(ring);
    const lists = invalidLists(ring);
    this.counts.unorderedMerges += merges;
    this.counts.invalidLists += lists;
    if (!this.options.isChecked) return;
    const wrong = violation(ring, this.r);
    if (wrong) this.fail(wrong);
    if (merges + lists > 0 && isIdeal(ring, this.r)) this.fail('I5 or I6 does not hold in an ideal ring');
  }

  private checkLocated({ token, key, owner, hops }: Extract<ChordOutput, { kind: 'located' }>): void {
    if (owner) this.counts.located++;
    else this.counts.unanswered++;
    const limit = lookupLimit(this.options.nodes, this.r);
    if (hops > limit) this.fail(`I7: a lookup took ${hops} hops`);
    if (!this.strict.delete(token) || !this.options.isChecked) return;
    const right = ownerOf([...this.ring().keys()], key);
    if (owner?.id !== right)
      this.fail(`I7: a lookup found ${owner?.id.slice(0, 6) ?? 'nobody'}, not ${right?.slice(0, 6)}`);
  }

  /** What nodes will point to when the answers that are on their way arrive. */
  private pointersUnderWay(): Pointers[] {
    const coming: Pointers[] = [];
    for (const { to, event } of this.simulator.answersUnderWay()) {
      const state = this.simulator.stateOf(to);
      if (!state || event.kind !== 'reply' || state.calls.get(event.call)?.kind !== 'step') continue;
      const { pointers, mode } = chordStep(state, event, { nowMs: 0, random: () => 0.5 }).state;
      if (mode === 'member') coming.push(pointers);
    }
    return coming;
  }
}
