// What Chord nodes say to each other, checked with zod on arrival. Identifiers only: addresses come from the roster, and who sent a frame
// is what the transport proved, so a lying peer can name nobody that is not enrolled and speak for nobody else.

import { z } from 'zod';
import type { Message } from '../calls.ts';
import { nodeIdSchema as nodeId } from '../node-id-schema.ts';

/** Longest list of identifiers in a message. Lists hold r <= 4 successors, or r + 1 founders; the rest is room for a larger r. */
const LIST_LIMIT = 16;

const ids = z.array(nodeId).max(LIST_LIMIT);
const empty = z.strictObject({});

export const MODES = ['forming', 'joining', 'member', 'isolated', 'leaving'] as const;

const request = z.discriminatedUnion('t', [
  z.strictObject({ t: z.literal('chord.ping'), body: empty }),
  z.strictObject({ t: z.literal('chord.state'), body: empty }),
  z.strictObject({ t: z.literal('chord.route'), body: z.strictObject({ key: nodeId }) }),
  z.strictObject({ t: z.literal('chord.notify'), body: empty }),
  z.strictObject({ t: z.literal('chord.leaving'), body: empty }),
  z.strictObject({ t: z.literal('chord.form'), body: z.strictObject({ members: ids }) }),
  z.strictObject({ t: z.literal('chord.forget'), body: empty }),
  z.strictObject({ t: z.literal('chord.install'), body: z.strictObject({ members: ids }) }),
]);

const reply = z.discriminatedUnion('t', [
  z.strictObject({
    t: z.literal('chord.pong'),
    body: z.strictObject({ mode: z.enum(MODES), isFounding: z.boolean() }),
  }),
  z.strictObject({
    t: z.literal('chord.pointers'),
    body: z.strictObject({ predecessor: nodeId.nullable(), successors: ids }),
  }),
  z.strictObject({
    t: z.literal('chord.toward'),
    body: z.strictObject({ closer: ids, owners: ids, predecessor: nodeId.nullable() }),
  }),
  z.strictObject({
    t: z.literal('chord.mine'),
    body: z.strictObject({ predecessor: nodeId.nullable(), successors: ids, closer: ids }),
  }),
  z.strictObject({ t: z.literal('chord.ok'), body: empty }),
  z.strictObject({ t: z.literal('chord.busy'), body: empty }),
  z.strictObject({ t: z.literal('chord.not-member'), body: empty }),
  z.strictObject({ t: z.literal('chord.refused'), body: empty }),
]);

/** What a node asks: ping (anyone), state (pointers, BUSY while a step is open), route (for lookups), notify, leaving, form, forget and install. */
export type ChordRequest = z.infer<typeof request>;
export type ChordReply = z.infer<typeof reply>;
export type ChordMode = (typeof MODES)[number];

export const OK: ChordReply = { t: 'chord.ok', body: {} };
export const BUSY: ChordReply = { t: 'chord.busy', body: {} };
export const NOT_MEMBER: ChordReply = { t: 'chord.not-member', body: {} };
export const REFUSED: ChordReply = { t: 'chord.refused', body: {} };

/** Reads a request. Null: not one of Chord's, or malformed. */
export function parseRequest(message: Message): ChordRequest | null {
  return request.safeParse({ t: message.t, body: message.body }).data ?? null;
}

/** Reads an answer. Null: not one of Chord's, or malformed. */
export function parseReply(message: Message): ChordReply | null {
  return reply.safeParse({ t: message.t, body: message.body }).data ?? null;
}
