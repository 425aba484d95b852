// Everything one node's Chord knows. Immutable; nothing of it is kept on disk: a node that restarts joins anew.

import type { CallNumber, Contact } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import type { Lookup, LookupNumber } from './lookup-state.ts';
import type { ChordMode } from './messages.ts';
import type { Pointers } from './pointers.ts';
import type { ChordSettings } from './settings.ts';

/** The nodes that may be members, this one among them. */
export type Roster = ReadonlyMap<NodeId, Contact>;

/** The one state-changing query that is open: while it is, state queries are answered BUSY (peering.md 2.4, rule (b)). */
export type OpenStep =
  | { readonly kind: 'from-successor'; readonly peer: NodeId }
  | { readonly kind: 'from-predecessor'; readonly peer: NodeId }
  | { readonly kind: 'rectify-candidate'; readonly peer: NodeId }
  | { readonly kind: 'rectify-predecessor'; readonly peer: NodeId; readonly candidate: NodeId }
  | { readonly kind: 'join'; readonly peer: NodeId };

/** Why a call was made. `peer` is who was asked. */
export type CallPurpose = { readonly peer: NodeId } & (
  | { readonly kind: 'step' }
  | { readonly kind: 'lookup'; readonly lookup: LookupNumber }
  | { readonly kind: 'watch' }
  | { readonly kind: 'probe'; readonly round: number }
  | { readonly kind: 'form'; readonly proposal: number }
  | { readonly kind: 'install'; readonly members: readonly NodeId[]; readonly tries: number }
  | { readonly kind: 'leave' }
  | { readonly kind: 'tell' }
);

/** A round of pings of a node without a ring: what has been answered, and how many answers are to come. */
export interface Probe {
  readonly round: number;
  readonly awaited: number;
  readonly founders: readonly NodeId[];
  readonly members: readonly NodeId[];
  readonly isAnyoneFounding: boolean;
}

/** The part this node has in founding a ring: it proposes and counts consents, or it gave its own. */
type Founding =
  | {
      readonly kind: 'proposing';
      readonly proposal: number;
      readonly members: readonly NodeId[];
      readonly awaited: number;
    }
  | { readonly kind: 'promised'; readonly members: readonly NodeId[]; readonly proposer: NodeId };

/** Refresh of the fingers that is under way: which exponent is looked up (its place in the rules' list), what was found. */
export interface FingerRound {
  readonly place: number;
  readonly found: readonly NodeId[];
}

/** Counted since the start, for metrics. */
export interface ChordCounters {
  readonly ringChanges: number;
  readonly lookups: number;
  readonly lookupHops: number;
  readonly lookupFailures: number;
  readonly rejectedHops: number;
  readonly suspicions: number;
  readonly isolations: number;
  readonly busySteps: number;
  readonly unaskedReplies: number;
  readonly refusedRequests: number;
}

export interface ChordState {
  readonly self: Contact;
  readonly settings: ChordSettings;
  readonly roster: Roster;
  readonly mode: ChordMode;
  readonly pointers: Pointers;
  /** Distinct, far ones first. Performance only. */
  readonly fingers: readonly NodeId[];
  readonly step: OpenStep | null;
  readonly calls: ReadonlyMap<CallNumber, CallPurpose>;
  readonly nextCall: CallNumber;
  readonly lookups: ReadonlyMap<LookupNumber, Lookup>;
  readonly nextLookup: LookupNumber;
  /** Best candidates that wait for the open step to end: of NOTIFY, and of MERGE (not heard yet, so asked first). */
  readonly notified: NodeId | null;
  readonly mergeSuccessor: NodeId | null;
  readonly mergePredecessor: NodeId | null;
  /** Nodes that do not answer as members. A sign of life as a member ends it. */
  readonly suspected: ReadonlySet<NodeId>;
  readonly missedPings: ReadonlyMap<NodeId, number>;
  readonly busyInARow: number;
  readonly fingerRound: FingerRound | null;
  readonly probe: Probe | null;
  /** Whom the last complete round of pings found without a ring. */
  readonly reached: readonly NodeId[];
  readonly founding: Founding | null;
  readonly counters: ChordCounters;
}

/** A node that has just started. Throws RangeError if r is not at least 1. */
export function initialState(self: Contact, settings: ChordSettings, roster: Roster): ChordState {
  if (!Number.isInteger(settings.r) || settings.r < 1) throw new RangeError('a node keeps at least one successor');
  return {
    self,
    settings,
    roster: new Map([...roster, [self.id, self]]),
    mode: 'forming',
    pointers: { self: self.id, predecessor: null, successors: [] },
    fingers: [],
    step: null,
    calls: new Map(),
    nextCall: 1,
    lookups: new Map(),
    nextLookup: 1,
    notified: null,
    mergeSuccessor: null,
    mergePredecessor: null,
    suspected: new Set(),
    missedPings: new Map(),
    busyInARow: 0,
    fingerRound: null,
    probe: null,
    reached: [],
    founding: null,
    counters: {
      ringChanges: 0,
      lookups: 0,
      lookupHops: 0,
      lookupFailures: 0,
      rejectedHops: 0,
      suspicions: 0,
      isolations: 0,
      busySteps: 0,
      unaskedReplies: 0,
      refusedRequests: 0,
    },
  };
}

/** Whether it makes sense to ask this node something as a member of the ring. */
export function isUsable(state: ChordState, id: NodeId): boolean {
  return state.roster.has(id) && !state.suspected.has(id);
}
