// The receiver's place in a ring, where the peering plugin is on: GET /v1/ring.

import * as z from 'zod/mini';
import { getJson } from './get-json.ts';

const node = z.object({ id: z.string(), address: z.string() });
const ring = z.object({
  id: z.string(),
  address: z.string(),
  mode: z.string(),
  predecessor: z.nullable(node),
  successors: z.array(node),
  fingers: z.array(node),
  members_seen: z.number(),
  under_replicated_keys: z.number(),
  ring: z.nullable(z.object({ id: z.string(), r: z.number(), replicas: z.number(), nodes: z.number() })),
  lane: z.object({ next_block: z.number(), blocks_behind: z.number(), conflicts: z.number() }),
});
export type RingAnswer = z.infer<typeof ring>;

export function getRing(signal?: AbortSignal): Promise<RingAnswer> {
  return getJson(ring, '/v1/ring', signal);
}
