// What happens to a node's replication and what it wants done, besides the calls, answers and timers that all parts share (calls.ts).
// Every `store` effect ends in exactly one `stored` event of its number, every `locate` effect in one `located` event of its token.

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
import type { StoreRequest, StoreResult } from './replica-store.ts';
import type { SignedRecord } from './signed-record.ts';
import type { StorageReceipt } from './storage-receipt.ts';
import type { ItemType } from './stored-item.ts';

/** A node's place in the ring, as replication needs it; a Chord view fits. */
export interface Neighbours {
  readonly self: Contact;
  readonly predecessor: Contact | null;
  /** Clockwise. */
  readonly successors: readonly Contact[];
}

/**
 * `ring`: whenever predecessor or successors change. `roster`: the members, whose receipts count. `put`: keep these bytes under this key; a
 * value's key is its SHA-256, a record's one of recordKeys(). Tokens of puts and reads are the caller's, unique among those under way.
 * `leave`: hand everything over; `ready-to-leave` follows.
 */
export type ReplicationEvent =
  | { readonly kind: 'ring'; readonly view: Neighbours }
  | { readonly kind: 'roster'; readonly members: ReadonlySet<NodeId> }
  | {
      readonly kind: 'put';
      readonly token: string;
      readonly type: ItemType;
      readonly key: NodeId;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'get'; readonly token: string; readonly key: NodeId }
  | { readonly kind: 'get-records'; readonly token: string; readonly key: NodeId }
  | { readonly kind: 'leave' }
  | {
      readonly kind: 'located';
      readonly token: string;
      readonly owner: Contact | null;
      readonly successors: readonly Contact[];
    }
  | { readonly kind: 'stored'; readonly op: number; readonly result: StoreResult }
  | RequestEvent
  | ReplyEvent
  | FailedEvent
  | TimerEvent;

/**
 * The end of a put. `stored`: more than half of k replicas, told apart by their keys, signed receipts. `superseded`: the owner of the key
 * keeps a record that counts more. `failed`: neither is known; some replicas may keep the item.
 */
export interface PutEndedEffect {
  readonly kind: 'put-ended';
  readonly token: string;
  readonly outcome: 'stored' | 'superseded' | 'failed';
  readonly receipts: readonly StorageReceipt[];
}

/** The end of a get. `missing`: every replica answered, and none has it; `unavailable`: not all could be asked. */
export interface GetEndedEffect {
  readonly kind: 'get-ended';
  readonly token: string;
  readonly outcome: 'found' | 'missing' | 'unavailable';
  readonly bytes: Uint8Array | null;
}

/** The end of a read of records: verified and merged. `isMajority`: more than half of k replicas answered, so the newest put is among them. */
export interface RecordsEndedEffect {
  readonly kind: 'records-ended';
  readonly token: string;
  readonly isMajority: boolean;
  readonly records: readonly SignedRecord[];
}

/** `handedOver`: items that others keep now; `isAlone`: there was nobody to hand anything to. */
export interface ReadyToLeaveEffect {
  readonly kind: 'ready-to-leave';
  readonly handedOver: number;
  readonly isAlone: boolean;
}

export type ReplicationEffect =
  | CallEffect
  | AnswerEffect
  | TimerEffect
  | { readonly kind: 'locate'; readonly token: string; readonly key: NodeId }
  | { readonly kind: 'store'; readonly op: number; readonly request: StoreRequest }
  | PutEndedEffect
  | GetEndedEffect
  | RecordsEndedEffect
  | ReadyToLeaveEffect;
