// What replication asks of its store, and what every store must do; memory and PostgreSQL follow the same suite (testing/store-suite.ts).
// MUST: a write that was answered is durable; ranges, lists and digests are in the order of (key, id), compared as bytes.

import { decodeBlockBody, decodeLeaf, leafHash, sha256, transactionIdOf } from '@telltale/ledger';
import type { NodeId } from '../node-id.ts';
import type { KeyRange } from './key-range.ts';
import type { ItemName, StoredItem } from './stored-item.ts';

/** Children of a Merkle node: one for each next hex digit. */
export const CHILDREN = 16;

/** The items under one child: how many, and SHA-256 over key ‖ id of each, in order ('' for none). */
export interface ChildDigest {
  readonly count: number;
  readonly digest: string;
}

/** `by`: the peer that handed the item over, null for this node itself; `limitBytes` bounds what is kept for that peer. */
export interface WriteRequest {
  readonly kind: 'write';
  readonly item: StoredItem;
  readonly by: NodeId | null;
  readonly limitBytes: number;
  readonly storedAtUs: number;
}

/** `depth` of children: how many hex digits of the keys in `ranges` are the same for all. `missing`: which of these items are not kept. */
export type StoreRequest =
  | WriteRequest
  | { readonly kind: 'read'; readonly name: Pick<ItemName, 'type' | 'key' | 'id'> }
  | { readonly kind: 'records'; readonly key: NodeId }
  | { readonly kind: 'list'; readonly ranges: readonly KeyRange[]; readonly limit: number }
  | { readonly kind: 'children'; readonly ranges: readonly KeyRange[]; readonly depth: number }
  | { readonly kind: 'missing'; readonly items: readonly ItemName[] }
  | { readonly kind: 'delete'; readonly items: readonly ItemName[] };

/** `quota`: the peer's bytes are used up. `superseded`, `full`: see record-rule.ts. */
export type WriteOutcome = 'new' | 'present' | 'superseded' | 'full' | 'quota';

export type StoreResult =
  | { readonly kind: 'written'; readonly outcome: WriteOutcome; readonly isEquivocation: boolean }
  | { readonly kind: 'read'; readonly bytes: Uint8Array | null }
  | { readonly kind: 'records'; readonly records: readonly Uint8Array[] }
  | { readonly kind: 'list'; readonly items: readonly ItemName[] }
  | { readonly kind: 'children'; readonly children: readonly ChildDigest[] }
  | { readonly kind: 'missing'; readonly items: readonly ItemName[] }
  | { readonly kind: 'deleted'; readonly count: number }
  /** The store could not be asked, or its answer did not come: nothing is known of the request. */
  | { readonly kind: 'failed' };

/** What a store keeps, all peers together. */
export interface StoreUsage {
  readonly values: number;
  readonly records: number;
  readonly sizeBytes: number;
}

/** A store. `perform` rejects when the database is away; who drives it then says `failed`. */
export interface ReplicaStore {
  perform(request: StoreRequest): Promise<StoreResult> | StoreResult;
  usage(): Promise<StoreUsage> | StoreUsage;
  /** Keys of the kept block bodies that may hold this transaction (32 bytes), at most `limit`: found by its first 8 bytes, so look again inside. */
  valuesOfTransaction(transactionId: Uint8Array, limit: number): Promise<NodeId[]> | NodeId[];
}

/** The digest of a child with these items, which are in order. */
export function childDigest(items: readonly ItemName[]): ChildDigest {
  if (items.length === 0) return { count: 0, digest: '' };
  const text = items.map(({ key, id }) => key + id).join('');
  return { count: items.length, digest: Buffer.from(sha256(Buffer.from(text, 'hex'))).toString('hex') };
}

/** The order of lists and digests. */
export function byKeyAndId(a: ItemName, b: ItemName): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  if (a.id !== b.id) return a.id < b.id ? -1 : 1;
  return 0;
}

/** The first 8 bytes of a transaction id, as the signed integer that a bigint column holds. */
export function transactionPrefix(transactionId: Uint8Array): bigint {
  return BigInt.asIntN(64, Buffer.from(transactionId).readBigUInt64BE(0));
}

/** The prefixes of all transactions of a value that is laid out as a block's body; none for any other value. Whether it is right is not said. */
export function transactionPrefixes(value: Uint8Array): bigint[] {
  const body = decodeBlockBody(value);
  if (!body.ok) return [];
  const prefixes = new Set<bigint>();
  for (const bytes of body.value.leaves) {
    const leaf = decodeLeaf(bytes);
    if (!leaf.ok) return [];
    prefixes.add(transactionPrefix(transactionIdOf(leaf.value, leafHash(bytes))));
  }
  return [...prefixes];
}
