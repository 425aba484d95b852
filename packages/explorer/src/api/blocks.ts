// Sealed blocks: GET /v1/blocks, one of them, and the events that tell of the next ones.

import * as z from 'zod/mini';
import { getJson } from './get-json.ts';

const block = z.object({
  block_index: z.number(),
  hash: z.string(),
  previous_hash: z.string(),
  /** Microseconds since the Unix epoch, as every time of the receiver. */
  sealed_at: z.number(),
  log_root: z.string(),
  log_size: z.number(),
  first_leaf: z.number(),
  readings: z.number(),
  difficulty: z.number(),
  /** Decimal digits: it has 64 bits. */
  nonce: z.string(),
});
export type BlockAnswer = z.infer<typeof block>;

const event = z.object({
  block_index: z.number(),
  hash: z.string(),
  log_size: z.number(),
  readings: z.number(),
  sealed_at: z.number(),
});
/** What a list of blocks shows of each. */
export type BlockEvent = z.infer<typeof event>;

/** The newest blocks, the newest first. */
export async function getNewestBlocks(limit: number, signal?: AbortSignal): Promise<BlockEvent[]> {
  const { blocks } = await getJson(z.object({ blocks: z.array(event) }), `/v1/blocks?limit=${limit}`, signal);
  return blocks;
}

/** `block`: its index, or its hash. */
export function getBlock(asked: string, signal?: AbortSignal): Promise<BlockAnswer> {
  return getJson(block, `/v1/blocks/${encodeURIComponent(asked)}`, signal);
}

/** The text of a `block` event; undefined for what is none. */
export function parseBlockEvent(text: string): BlockEvent | undefined {
  try {
    return event.parse(JSON.parse(text));
  } catch {
    // Of a receiver that is newer than this page: the next block is asked for anew.
    return undefined;
  }
}
