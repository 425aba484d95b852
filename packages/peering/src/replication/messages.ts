// What nodes say to each other about items, checked with zod on arrival. Bytes of an item travel beside the message as they are.

import { z } from 'zod';
import type { Message } from '../calls.ts';
import { nodeIdSchema as nodeId } from '../node-id-schema.ts';
import { CHILDREN } from './replica-store.ts';
import { BATCH_ITEMS } from './settings.ts';
import { receiptJson } from './storage-receipt.ts';
import { type ItemType, MAX_ITEM_BYTES } from './stored-item.ts';

const type = z.enum(['value', 'record']);
const itemName = z.strictObject({ type, key: nodeId, id: nodeId, sizeBytes: z.int().min(0).max(MAX_ITEM_BYTES) });
const itemNames = z.array(itemName).max(BATCH_ITEMS);
const node = { after: nodeId, until: nodeId };
const digests = z.array(z.string().regex(/^([0-9a-f]{64})?$/)).length(CHILDREN);

const request = z.discriminatedUnion('t', [
  z.strictObject({ t: z.literal('store.put'), body: z.strictObject({ type, key: nodeId }) }),
  z.strictObject({ t: z.literal('store.replicate'), body: z.strictObject({ type, key: nodeId }) }),
  z.strictObject({ t: z.literal('store.get'), body: z.strictObject({ type, key: nodeId, id: nodeId }) }),
  z.strictObject({ t: z.literal('store.records'), body: z.strictObject({ key: nodeId }) }),
  z.strictObject({
    t: z.literal('store.compare'),
    body: z.strictObject({ ...node, prefix: z.string().regex(/^[0-9a-f]{0,63}$/), digests }),
  }),
  z.strictObject({
    t: z.literal('store.list'),
    body: z.strictObject({ ...node, prefix: z.string().regex(/^[0-9a-f]{1,64}$/) }),
  }),
  z.strictObject({ t: z.literal('store.have'), body: z.strictObject({ items: itemNames.min(1) }) }),
]);

/** Why a request was not done. `superseded`: a record that counts more stands there. */
const REFUSALS = ['malformed', 'not-owner', 'busy', 'quota', 'full', 'superseded', 'unavailable'] as const;
export type Refused = (typeof REFUSALS)[number];

const reply = z.discriminatedUnion('t', [
  z.strictObject({ t: z.literal('store.receipts'), body: z.strictObject({ receipts: z.array(receiptJson).max(16) }) }),
  z.strictObject({ t: z.literal('store.item'), body: z.strictObject({}) }),
  z.strictObject({ t: z.literal('store.none'), body: z.strictObject({}) }),
  z.strictObject({
    t: z.literal('store.found'),
    body: z.strictObject({ lengths: z.array(z.int().min(0).max(65_535)).max(64) }),
  }),
  z.strictObject({
    t: z.literal('store.differing'),
    body: z.strictObject({
      children: z
        .array(
          z.strictObject({
            digit: z
              .int()
              .min(0)
              .max(CHILDREN - 1),
            count: z.int().min(0),
          }),
        )
        .max(CHILDREN),
    }),
  }),
  z.strictObject({ t: z.literal('store.items'), body: z.strictObject({ items: itemNames }) }),
  z.strictObject({
    t: z.literal('store.missing'),
    body: z.strictObject({ positions: z.array(z.int().min(0)).max(BATCH_ITEMS) }),
  }),
  z.strictObject({ t: z.literal('store.refused'), body: z.strictObject({ code: z.enum(REFUSALS) }) }),
]);

export type StoreCall = z.infer<typeof request>;
export type StoreReply = z.infer<typeof reply>;

/** The request that a message is; undefined for anything else. */
export function parseCall(message: Message): StoreCall | undefined {
  const parsed = request.safeParse({ t: message.t, body: message.body });
  return parsed.success ? parsed.data : undefined;
}

/** The reply that a message is; undefined for anything else. */
export function parseReply(message: Message): StoreReply | undefined {
  const parsed = reply.safeParse({ t: message.t, body: message.body });
  return parsed.success ? parsed.data : undefined;
}

/** Whether another record, which counts more, stands where this one was to go. Of a value nobody can say so. */
export function isSuperseded(type: ItemType, answer: StoreReply | undefined): boolean {
  return type === 'record' && answer?.t === 'store.refused' && answer.body.code === 'superseded';
}
