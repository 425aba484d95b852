// Chord and replication as one reducer: what the live node and the simulator run. Events of one are effects of the other: lookups that
// replication wants, changes of the ring that it must know of, and leaving, first one and then the other. No decision of its own beside that.

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
import {
  type ChordEffect,
  type ChordEvent,
  type ChordSettings,
  type ChordState,
  chordStep,
  initialState,
  type LeftEffect,
  type RingChangedEffect,
  type Roster,
  ringView,
} from '../chord/index.ts';
import type { Step, Surroundings } from '../machine.ts';
import type {
  GetEndedEffect,
  PutEndedEffect,
  ReadyToLeaveEffect,
  RecordsEndedEffect,
  ReplicationEffect,
  ReplicationEvent,
} from '../replication/events.ts';
import { initialReplication, stepReplication } from '../replication/replication.ts';
import type { ReplicationSettings } from '../replication/settings.ts';
import type { ReplicationState } from '../replication/state.ts';
import type { ReceiptSigner } from '../replication/storage-receipt.ts';

/** Both parts' states. */
export interface ComposedState {
  readonly chord: ChordState;
  readonly replication: ReplicationState;
}

/**
 * `start` comes once, first. `leave`: hand everything over, then tell the neighbours; `ready-to-leave` and `left` follow. `leave-now`: tell the
 * neighbours at once, whatever was not handed over. All else as the parts have it (chord/events.ts, replication/events.ts).
 */
export type ComposedEvent =
  | Extract<ChordEvent, { kind: 'start' | 'roster' | 'suspect' }>
  | Extract<ReplicationEvent, { kind: 'put' | 'get' | 'get-records' | 'stored' }>
  | { readonly kind: 'leave' }
  | { readonly kind: 'leave-now' }
  | RequestEvent
  | ReplyEvent
  | FailedEvent
  | TimerEvent;

export type StoreEffect = Extract<ReplicationEffect, { kind: 'store' }>;

export type ComposedEffect =
  | CallEffect
  | AnswerEffect
  | TimerEffect
  | StoreEffect
  | PutEndedEffect
  | GetEndedEffect
  | RecordsEndedEffect
  | ReadyToLeaveEffect
  | RingChangedEffect
  | LeftEffect;

/** What a node is before `start`. */
export function initialComposed(node: {
  readonly self: Contact;
  readonly roster: Roster;
  readonly signer: ReceiptSigner;
  readonly chord: ChordSettings;
  readonly replication: ReplicationSettings;
}): ComposedState {
  const chord = initialState(node.self, node.chord, node.roster);
  const view = ringView(chord);
  const replication = initialReplication({ view, signer: node.signer, settings: node.replication });
  return { chord, replication };
}

/** One step of a node. Never throws for anything that another node says. */
export function stepComposed(
  state: ComposedState,
  event: ComposedEvent,
  surroundings: Surroundings,
): Step<ComposedState, ComposedEffect> {
  const work = new Composition(state, surroundings);
  work.take(event);
  return { state: { chord: work.chord, replication: work.replication }, effects: work.effects };
}

/** Replication's timers and message kinds begin with this; all others are Chord's. */
const REPLICATION_PREFIX = 'store.';

/** One step under way: what each part wants of the other is done in turn, in the order in which it was wanted. */
class Composition {
  chord: ChordState;
  replication: ReplicationState;
  readonly effects: ComposedEffect[] = [];
  private readonly surroundings: Surroundings;

  constructor(state: ComposedState, surroundings: Surroundings) {
    this.chord = state.chord;
    this.replication = state.replication;
    this.surroundings = surroundings;
  }

  take(event: ComposedEvent): void {
    switch (event.kind) {
      case 'start':
        this.tellRoster(this.chord.roster);
        this.stepReplication({ kind: 'ring', view: ringView(this.chord) });
        this.stepChord(event);
        return;
      case 'roster':
        this.stepChord(event);
        this.tellRoster(this.chord.roster);
        return;
      case 'suspect':
        this.stepChord(event);
        return;
      case 'put':
      case 'get':
      case 'get-records':
      case 'stored':
      case 'leave':
        this.stepReplication(event);
        return;
      case 'leave-now':
        this.stepChord({ kind: 'leave' });
        return;
      case 'request':
        if (event.request.t.startsWith(REPLICATION_PREFIX)) this.stepReplication(event);
        else this.stepChord(event);
        return;
      case 'reply':
      case 'failed': {
        const call = Math.floor(event.call / 2);
        if (event.call % 2 === 0) this.stepChord({ ...event, call });
        else this.stepReplication({ ...event, call });
        return;
      }
      case 'timer':
        if (event.name.startsWith(REPLICATION_PREFIX)) this.stepReplication(event);
        else this.stepChord(event);
        return;
      default:
        event satisfies never;
    }
  }

  private tellRoster(roster: Roster): void {
    this.stepReplication({ kind: 'roster', members: new Set(roster.keys()) });
  }

  private stepChord(event: ChordEvent): void {
    const { state, effects } = chordStep(this.chord, event, this.surroundings);
    this.chord = state;
    for (const effect of effects) this.takeChordEffect(effect);
  }

  private takeChordEffect(effect: ChordEffect): void {
    switch (effect.kind) {
      // Even numbers are Chord's, odd ones replication's.
      case 'call':
        this.effects.push({ ...effect, call: effect.call * 2 });
        return;
      case 'located':
        this.stepReplication(effect);
        return;
      case 'ring-changed':
        this.effects.push(effect);
        this.stepReplication({ kind: 'ring', view: effect.view });
        return;
      case 'answer':
      case 'timer':
      case 'left':
        this.effects.push(effect);
        return;
      default:
        effect satisfies never;
    }
  }

  private stepReplication(event: ReplicationEvent): void {
    const { state, effects } = stepReplication(this.replication, event, this.surroundings);
    this.replication = state;
    for (const effect of effects) this.takeReplicationEffect(effect);
  }

  private takeReplicationEffect(effect: ReplicationEffect): void {
    switch (effect.kind) {
      case 'call':
        this.effects.push({ ...effect, call: effect.call * 2 + 1 });
        return;
      case 'locate':
        this.stepChord(effect);
        return;
      case 'ready-to-leave':
        this.effects.push(effect);
        this.stepChord({ kind: 'leave' });
        return;
      case 'answer':
      case 'timer':
      case 'store':
      case 'put-ended':
      case 'get-ended':
      case 'records-ended':
        this.effects.push(effect);
        return;
      default:
        effect satisfies never;
    }
  }
}
