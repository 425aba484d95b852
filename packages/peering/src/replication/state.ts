// The state of a node's replication. Owned by step(); others read it through the functions of replication.ts.

import type { Contact } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import type { Neighbours } from './events.ts';
import type { Arc, KeyRange } from './key-range.ts';
import type { ChildDigest } from './replica-store.ts';
import type { ReplicationSettings } from './settings.ts';
import type { SignedRecord } from './signed-record.ts';
import type { ReceiptSigner, StorageReceipt } from './storage-receipt.ts';
import type { ItemName, StoredItem } from './stored-item.ts';

/** A put of this node: looked for, then handed to the owner; again after a while if that fails. */
export interface PutJob {
  readonly token: string;
  readonly item: StoredItem;
  readonly attempt: number;
}

/** An item that this node, as its owner, writes and forwards; `for` is who hears of the receipts. */
export interface WriteJob {
  readonly for: { readonly kind: 'peer'; readonly re: string } | { readonly kind: 'put'; readonly put: number };
  readonly item: StoredItem;
  readonly receipts: readonly StorageReceipt[];
  /** Replicas that have not answered yet, by call. */
  readonly waiting: ReadonlyMap<number, NodeId>;
  /** forwardMs are over: a majority is enough. */
  readonly isLate: boolean;
}

export interface GetJob {
  readonly token: string;
  readonly key: NodeId;
  /** Replicas not asked yet. */
  readonly candidates: readonly Contact[];
  readonly hasFailure: boolean;
  readonly attempt: number;
}

export interface RecordsJob {
  readonly token: string;
  readonly key: NodeId;
  readonly records: readonly SignedRecord[];
  readonly answers: number;
  /** Questions without an answer yet: calls, and a read of the own store. */
  readonly waiting: ReadonlySet<number>;
  readonly attempt: number;
}

/** One comparison of this node's arc with one replica. `target` null: the items are only counted. */
export interface SyncSession {
  readonly target: Contact | null;
  readonly arc: Arc;
  /** Merkle nodes still to look at: `compare` by the digests of their children, `list` by their items. */
  readonly stack: readonly { readonly kind: 'compare' | 'list'; readonly prefix: string }[];
  readonly push: readonly ItemName[];
  readonly pull: readonly ItemName[];
  readonly step: SyncStep;
  readonly movedBytes: number;
  readonly pulled: number;
  /** Items that the replica lacks and did not take. */
  readonly refused: number;
}

/** What the session waits for: a store operation or call of this number. */
export type SyncStep =
  | { readonly kind: 'own-children'; readonly wait: number; readonly prefix: string }
  | {
      readonly kind: 'their-children';
      readonly wait: number;
      readonly prefix: string;
      readonly own: readonly ChildDigest[];
    }
  | { readonly kind: 'own-list'; readonly wait: number; readonly prefix: string }
  | { readonly kind: 'their-list'; readonly wait: number; readonly prefix: string; readonly own: readonly ItemName[] }
  | { readonly kind: 'read' | 'push' | 'pull' | 'write'; readonly wait: number; readonly item: ItemName };

/** The walk over all that this node keeps: batches of items of one owner, offered to the replicas of that owner. */
export interface Walk {
  readonly isLeaving: boolean;
  readonly cursor: NodeId;
  readonly handedOver: number;
  readonly wasAlone: boolean;
  readonly step: WalkStep;
}

export interface Batch {
  readonly range: KeyRange;
  readonly items: readonly ItemName[];
  readonly targets: readonly Contact[];
  /** Which target is being asked. */
  readonly at: number;
}

export type WalkStep =
  | { readonly kind: 'first'; readonly wait: number }
  | { readonly kind: 'locate'; readonly wait: number; readonly key: NodeId }
  /** Leaving only: the successor list was one short of k others. */
  | {
      readonly kind: 'locate-next';
      readonly wait: number;
      readonly range: KeyRange;
      readonly targets: readonly Contact[];
    }
  | { readonly kind: 'list'; readonly wait: number; readonly range: KeyRange; readonly targets: readonly Contact[] }
  | { readonly kind: 'have'; readonly wait: number; readonly batch: Batch }
  | {
      readonly kind: 'read' | 'push';
      readonly wait: number;
      readonly batch: Batch;
      readonly missing: readonly ItemName[];
    }
  | { readonly kind: 'delete'; readonly wait: number; readonly batch: Batch }
  | { readonly kind: 'pause' };

/** Where the end of a call, store operation or locate belongs. */
export type Route =
  | { readonly kind: 'put' | 'write' | 'get' | 'records'; readonly job: number }
  | { readonly kind: 'sync' | 'walk' }
  /** A request of a peer that the store is asked for. */
  | { readonly kind: 'serve'; readonly re: string; readonly serve: Serve };

export type Serve =
  | { readonly kind: 'replicate'; readonly item: StoredItem }
  | { readonly kind: 'get' | 'records' | 'list' }
  | { readonly kind: 'compare'; readonly digests: readonly string[] }
  | { readonly kind: 'have'; readonly items: readonly ItemName[] };

/** Ever growing counts, for metrics. */
export interface ReplicationCounts {
  /** Bytes of items that repair and handover sent or fetched. */
  readonly repairBytes: number;
  readonly repairedItems: number;
  readonly deletedItems: number;
  /** Wrong bytes for a hash, forged records, false receipts, replies that are none. */
  readonly lies: number;
  /** Requests of peers that were refused as malformed or false. */
  readonly refusedRequests: number;
  readonly refusedByQuota: number;
  readonly equivocations: number;
  readonly storeFailures: number;
}

export interface ReplicationState {
  readonly settings: ReplicationSettings;
  readonly signer: ReceiptSigner;
  readonly members: ReadonlySet<NodeId>;
  readonly view: Neighbours;
  readonly nextNumber: number;
  readonly routes: ReadonlyMap<number, Route>;
  readonly puts: ReadonlyMap<number, PutJob>;
  readonly writes: ReadonlyMap<number, WriteJob>;
  readonly gets: ReadonlyMap<number, GetJob>;
  readonly recordReads: ReadonlyMap<number, RecordsJob>;
  /** When the timer of the next repair runs out. */
  readonly repairAtMs: number;
  readonly session: SyncSession | null;
  /** Replicas still to be compared with in this round. */
  readonly queue: readonly Contact[];
  readonly walk: Walk | null;
  /** Items of this node's arc, as last counted. */
  readonly arcItems: number;
  /** Items that each replica was found to lack at the end of its last comparison. */
  readonly behind: ReadonlyMap<NodeId, number>;
  readonly holds: readonly { readonly range: KeyRange; readonly untilMs: number }[];
  readonly counts: ReplicationCounts;
}
