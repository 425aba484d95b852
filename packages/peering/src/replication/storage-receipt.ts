// What a replica signs when an item is durable at its place: the node's key over
// "telltale-storage-receipt-v1\n" ‖ ring id (32) ‖ item id (32) ‖ uint64 length ‖ uint64 time (microseconds). Source: peering.md 2.5, 3.2.

import { fromBase64, type Signer, toBase64, utf8, viewOf } from '@telltale/ledger';
import { z } from 'zod';
import { idOfNode, type NodeId } from '../node-id.ts';
import { isSignedBy, RAW_KEY_BYTES, SIGNATURE_BYTES } from './raw-key.ts';

/** A replica's word that it keeps an item. */
export interface StorageReceipt {
  /** Raw Ed25519 key of the node that stores, 32 bytes; its identifier follows from it. */
  readonly nodeKey: Uint8Array;
  /** SHA-256 of the item's bytes: of a value its key. */
  readonly id: NodeId;
  readonly sizeBytes: number;
  /** The replica's clock when the item was durable, microseconds since the Unix epoch. */
  readonly storedAtUs: number;
  readonly signature: Uint8Array;
}

/** Who signs receipts: the node's own key, never the ledger's. `ringId`: 32 bytes that name the ring. */
export interface ReceiptSigner {
  readonly ringId: NodeId;
  readonly nodeKey: Uint8Array;
  readonly sign: Signer;
}

export function signStorageReceipt(
  signer: ReceiptSigner,
  stored: { id: NodeId; sizeBytes: number; storedAtUs: number },
): StorageReceipt {
  const { nodeKey } = signer;
  const { id, sizeBytes, storedAtUs } = stored;
  return { nodeKey, id, sizeBytes, storedAtUs, signature: signer.sign(receiptText(signer.ringId, stored)) };
}

/** The node that signed the receipt for this ring; undefined when the signature is not its key's. Whether it is a member is not looked at. */
export function verifyStorageReceipt(ringId: NodeId, receipt: StorageReceipt): NodeId | undefined {
  const { nodeKey, signature } = receipt;
  return isSignedBy(nodeKey, { text: receiptText(ringId, receipt), signature }) ? idOfNode(nodeKey) : undefined;
}

/** A receipt in a message: bytes as base64. */
export const receiptJson = z.strictObject({
  node: z.string().max(64),
  id: z.string().regex(/^[0-9a-f]{64}$/),
  size: z.int().min(0),
  time: z.int().min(0),
  signature: z.string().max(128),
});
export type ReceiptJson = z.infer<typeof receiptJson>;

export function receiptToJson(receipt: StorageReceipt): ReceiptJson {
  const { nodeKey, id, sizeBytes, storedAtUs, signature } = receipt;
  return { node: toBase64(nodeKey), id, size: sizeBytes, time: storedAtUs, signature: toBase64(signature) };
}

/** Undefined: not the lengths of a key and a signature. */
export function receiptFromJson(json: ReceiptJson, id: NodeId): StorageReceipt | undefined {
  const nodeKey = fromBase64(json.node);
  const signature = fromBase64(json.signature);
  if (json.id !== id || nodeKey?.length !== RAW_KEY_BYTES || signature?.length !== SIGNATURE_BYTES) return undefined;
  return { nodeKey, id, sizeBytes: json.size, storedAtUs: json.time, signature };
}

function receiptText(ringId: NodeId, stored: { id: NodeId; sizeBytes: number; storedAtUs: number }): Uint8Array {
  const numbers = new Uint8Array(16);
  viewOf(numbers).setBigUint64(0, BigInt(stored.sizeBytes));
  viewOf(numbers).setBigUint64(8, BigInt(stored.storedAtUs));
  return Buffer.concat([
    utf8('telltale-storage-receipt-v1\n'),
    Buffer.from(ringId, 'hex'),
    Buffer.from(stored.id, 'hex'),
    numbers,
  ]);
}
