// What the rest of the plugin sees of the ring: a place to keep values and records, and peers to ask. RingNode (ring-node.ts) is the live one.

import type { Message } from '../calls.ts';
import type { RingView } from '../chord/index.ts';
import type { NodeId } from '../node-id.ts';
import type { SignedRecord } from '../replication/signed-record.ts';
import type { StorageReceipt } from '../replication/storage-receipt.ts';

/** How a put ended; peering.md 2.5 and replication/events.ts. `failed`: some replicas may keep the item all the same, and it may be put again. */
export interface Stored {
  readonly outcome: 'stored' | 'superseded' | 'failed';
  readonly receipts: readonly StorageReceipt[];
}

export interface Ring {
  readonly self: NodeId;
  view(): RingView;
  /** Everybody on the roster who can be asked, this node left out, whether or not it is in the ring at the moment. */
  peers(): readonly NodeId[];
  /** Puts a value under its SHA-256, which is `key`. Never rejects: what fails is an outcome. */
  putValue(bytes: Uint8Array): Promise<Stored & { readonly key: NodeId }>;
  /** Puts a record under every key that it belongs under; the outcome is the worst of them. */
  putRecord(bytes: Uint8Array): Promise<Stored>;
  /** The value, its hash checked. `missing`: no replica has it; `unavailable`: not all could be asked. */
  getValue(key: NodeId): Promise<Uint8Array | 'missing' | 'unavailable'>;
  /** The records under this key, verified. `isMajority`: more than half of the replicas answered. */
  getRecords(key: NodeId): Promise<{ readonly records: readonly SignedRecord[]; readonly isMajority: boolean }>;
  /** Asks a peer, over the transport. Rejects with CallFailed. */
  ask(to: NodeId, message: Message, options?: { timeoutMs?: number }): Promise<Message>;
  /** Answers peers' messages whose kind begins with `prefix` ("lane.", "object."). Called once for each prefix, before the node starts. */
  serve(prefix: string, handler: (from: NodeId, message: Message) => Promise<Message>): void;
}
