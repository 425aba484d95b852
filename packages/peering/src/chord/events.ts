// What happens to a node's Chord and what it wants done, besides the calls, answers and timers that all parts share (calls.ts).

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
import type { NodeId } from '../node-id.ts';
import type { RingView } from './ring-view.ts';
import type { Roster } from './state.ts';

/** `start` comes once, first. `suspect`: the transport is certain that this node is gone. `leave`: what the node kept is with others. */
export type ChordEvent =
  | { readonly kind: 'start' }
  | { readonly kind: 'roster'; readonly roster: Roster }
  | { readonly kind: 'locate'; readonly token: string; readonly key: NodeId }
  | { readonly kind: 'leave' }
  | { readonly kind: 'suspect'; readonly id: NodeId }
  | RequestEvent
  | ReplyEvent
  | FailedEvent
  | TimerEvent;

/** The end of a `locate`. `owner` has confirmed that the key is its own; null: nobody did, try again later. `hops`: nodes that answered. */
export interface LocatedEffect {
  readonly kind: 'located';
  readonly token: string;
  readonly key: NodeId;
  readonly owner: Contact | null;
  readonly successors: readonly Contact[];
  readonly hops: number;
}

/** Mode, predecessor or successors are others than before this event. */
export interface RingChangedEffect {
  readonly kind: 'ring-changed';
  readonly view: RingView;
}

/** The neighbours know that this node leaves; it may stop. `isRingTooSmall`: those seen to stay are fewer than r + 1. */
export interface LeftEffect {
  readonly kind: 'left';
  readonly isRingTooSmall: boolean;
}

export type ChordEffect = CallEffect | AnswerEffect | TimerEffect | LocatedEffect | RingChangedEffect | LeftEffect;
