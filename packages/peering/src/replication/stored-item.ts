// What a replica keeps: a value (key = SHA-256 of its bytes) or a signed record (under a key of its name). An item is named by its key, the
// place in the ring, and its id, the SHA-256 of its bytes; for a value both are the same.

import { accept, MAX_BLOCK_BODY_BYTES, type Result, refuse, sha256 } from '@telltale/ledger';
import { type NodeId, nodeIdOf } from '../node-id.ts';
import { type RecordCode, readRecord, recordKeys, type SignedRecord } from './signed-record.ts';

/** Longest value, in bytes: a block's body. */
export const MAX_ITEM_BYTES = MAX_BLOCK_BODY_BYTES;

export type ItemType = 'value' | 'record';

export interface ItemName {
  readonly type: ItemType;
  readonly key: NodeId;
  readonly id: NodeId;
  readonly sizeBytes: number;
}

/** An item whose bytes were checked against its name. */
export type StoredItem =
  | (ItemName & { readonly type: 'value'; readonly bytes: Uint8Array })
  | (ItemName & { readonly type: 'record'; readonly bytes: Uint8Array; readonly record: SignedRecord });

/** Why bytes are not the item that they are given out for. */
export type ItemCode = RecordCode | 'value-hash' | 'record-key' | 'item-length';

/** The value of these bytes. */
export function valueItem(bytes: Uint8Array): StoredItem {
  const key = nodeIdOf(sha256(bytes));
  return { type: 'value', key, id: key, sizeBytes: bytes.length, bytes };
}

/** Checks bytes that came from anywhere: a value's hash, or a record's signature and whether it belongs under the key. */
export function checkItem(given: { type: ItemType; key: NodeId; bytes: Uint8Array }): Result<StoredItem, ItemCode> {
  const { type, key, bytes } = given;
  if (bytes.length > MAX_ITEM_BYTES) return refuse('item-length', `an item has at most ${MAX_ITEM_BYTES} bytes`);
  if (type === 'value') {
    const item = valueItem(bytes);
    return item.key === key ? accept(item) : refuse('value-hash', 'the bytes do not have the hash of the key');
  }
  const record = readRecord(bytes);
  if (!record.ok) return record;
  if (!recordKeys(record.value).includes(key)) return refuse('record-key', 'the record does not belong under this key');
  return accept({ type, key, id: record.value.id, sizeBytes: bytes.length, bytes, record: record.value });
}

/** The name alone, without the bytes. */
export function nameOf({ type, key, id, sizeBytes }: ItemName): ItemName {
  return { type, key, id, sizeBytes };
}
