// What travels: a frame of JSON text, `{v:1,id,re?,t,from,ts,body,size?}`, and, where `size` says that bytes stand beside the message, binary
// frames of an 8-byte big-endian id and a chunk. Each chunk but the last is full, so a peer cannot pin much memory with little bytes.

import { z } from 'zod';
import type { Json } from '../calls.ts';
import { type NodeId, parseNodeId } from '../node-id.ts';

/** The greatest frame of either kind, in bytes (peering.md section 4). */
export const FRAME_BYTES = 256 * 1024;
const CHUNK_HEADER_BYTES = 8;
/** What one binary frame carries of a message's bytes. */
export const CHUNK_BYTES = FRAME_BYTES - CHUNK_HEADER_BYTES;
/** Kinds that the transport itself uses. No handler sees them, and `request` refuses to send them. */
const OWN_KINDS = /^(hello|link)\./;

/** One text frame. `id` counts up within its socket and direction; `re` is the id of the request that it answers. */
export interface Frame {
  readonly id: number;
  readonly re?: number;
  readonly t: string;
  /** Who claims to have sent it: compared with who was authenticated, and used for nothing else. */
  readonly from: NodeId;
  /** The sender's clock in milliseconds, for people who read a recording. Nothing is decided by it. */
  readonly tsMs: number;
  readonly body: Json;
  /** Bytes beside the message that follow in chunks. Absent: none; 0: empty. */
  readonly size?: number;
}

/** Bytes of the message whose frame had this id, in the order in which they came. */
export interface Chunk {
  readonly id: number;
  readonly bytes: Uint8Array;
}

const frameSchema = z.strictObject({
  v: z.literal(1),
  id: z.int().min(1),
  re: z.int().min(1).optional(),
  t: z.string().min(1).max(64),
  from: z.string().transform((text, context) => {
    const id = parseNodeId(text);
    if (id) return id;
    context.addIssue('not an identifier');
    return z.NEVER;
  }),
  ts: z.int().min(0),
  // Whatever JSON.parse made is JSON; its shape is checked by whoever handles the message.
  body: z.custom<Json>((value) => value !== undefined),
  size: z.int().min(0).optional(),
});

/** Whether the transport keeps messages of this kind for itself. */
export function isOwnKind(t: string): boolean {
  return OWN_KINDS.test(t);
}

/** The text of a frame. Undefined: it would be larger than FRAME_BYTES. */
export function encodeFrame(frame: Frame): string | undefined {
  const { id, re, t, from, tsMs, body, size } = frame;
  const text = JSON.stringify({ v: 1, id, re, t, from, ts: tsMs, body, size });
  return Buffer.byteLength(text) <= FRAME_BYTES ? text : undefined;
}

/** A frame from its text. Undefined: malformed. Never throws. */
export function parseFrame(text: string): Frame | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = frameSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const { id, re, t, from, ts, body, size } = parsed.data;
  return {
    id,
    t,
    from,
    tsMs: ts,
    body,
    ...(re === undefined ? {} : { re }),
    ...(size === undefined ? {} : { size }),
  };
}

/** The binary frame of a chunk. */
export function encodeChunk(chunk: Chunk): Uint8Array {
  const frame = Buffer.allocUnsafe(CHUNK_HEADER_BYTES + chunk.bytes.length);
  frame.writeBigUInt64BE(BigInt(chunk.id));
  frame.set(chunk.bytes, CHUNK_HEADER_BYTES);
  return frame;
}

/** A chunk from its binary frame; its bytes are a view. Undefined: too short, or no id. */
export function parseChunk(frame: Buffer): Chunk | undefined {
  if (frame.length <= CHUNK_HEADER_BYTES) return undefined;
  const id = Number(frame.readBigUInt64BE());
  return Number.isSafeInteger(id) ? { id, bytes: frame.subarray(CHUNK_HEADER_BYTES) } : undefined;
}
