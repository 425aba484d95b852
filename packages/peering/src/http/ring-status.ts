// GET /v1/ring: where this receiver stands in the ring, and how far the ring has its blocks.

import { toHex } from '@telltale/ledger';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Contact } from '../calls.ts';
import type { LaneCounts } from '../lane/lane-writer.ts';
import type { RingSeat } from '../ring-seat.ts';
import { formatAddress } from '../roster/address.ts';

const node = z.object({ id: z.string(), address: z.string() });
const status = z
  .object({
    id: z.string().describe('Of this node, from its key: 64 hexadecimal digits.'),
    address: z.string().describe('Where others reach it.'),
    mode: z
      .enum(['standby', 'forming', 'joining', 'member', 'isolated', 'leaving'])
      .describe('standby: another receiver of the same database is the node, or the database is away.'),
    predecessor: node.nullable(),
    successors: z.array(node).describe('Clockwise, at most r.'),
    fingers: z.array(node).describe('Distinct, far ones first.'),
    members_seen: z.number().describe('This node and those that it has pointers to.'),
    under_replicated_keys: z
      .number()
      .describe('Of those that this node owns: kept by fewer than k nodes, as far as it knows.'),
    ring: z
      .object({
        id: z.string(),
        r: z.number().describe('Length of the successor lists.'),
        replicas: z.number().describe('k: copies of each value.'),
        nodes: z.number().describe('On the roster, whether they are up or not.'),
        roster_version: z.number().nullable().describe('Of a trial ring; null with a ROSTER file.'),
      })
      .nullable()
      .describe('Null until the roster is known.'),
    lane: z.object({
      id: z.string(),
      next_block: z.number().describe('Every block below is on a majority of its replicas.'),
      blocks_behind: z.number(),
      failed_puts: z.number().describe('Since the start; each was tried again.'),
      skipped_blocks: z.number().describe('Since the start: too long for the ring.'),
      conflicts: z.number().describe('Since the start: blocks of which the ring has others at the same height.'),
    }),
  })
  .meta({ description: 'Identifiers are points of the ring.' });

/** What the ring is, as the roster says. */
export interface RingFacts {
  readonly id: string;
  readonly r: number;
  readonly replicas: number;
  readonly nodes: number;
  readonly rosterVersion: number | null;
}

export interface RingStatusSources {
  readonly seat: RingSeat;
  readonly lane: Uint8Array;
  readonly laneCounts: () => LaneCounts;
  /** Index of the newest block of this receiver's ledger. */
  readonly headIndex: () => number;
  /** Undefined until the roster is known. */
  readonly facts: () => RingFacts | undefined;
}

export function ringStatusRoute(app: FastifyInstance, sources: RingStatusSources): void {
  app.get(
    '/v1/ring',
    { schema: { summary: 'This receiver in the ring', tags: ['Ring'], response: { 200: status } } },
    async () => statusOf(sources),
  );
}

function statusOf({ seat, lane, laneCounts, headIndex, facts }: RingStatusSources): z.input<typeof status> {
  const { self, mode, predecessor, successors, fingers } = seat.view();
  const counts = seat.counts();
  const { nextBlock, failedPuts, skippedBlocks, conflicts } = laneCounts();
  const ring = facts();
  return {
    ...shown(self),
    mode: counts ? mode : 'standby',
    predecessor: predecessor && shown(predecessor),
    successors: successors.map(shown),
    fingers: fingers.map(shown),
    members_seen: counts?.membersSeen ?? 0,
    under_replicated_keys: counts?.underReplicated ?? 0,
    ring: ring
      ? { id: ring.id, r: ring.r, replicas: ring.replicas, nodes: ring.nodes, roster_version: ring.rosterVersion }
      : null,
    lane: {
      id: toHex(lane),
      next_block: nextBlock,
      blocks_behind: blocksBehind({ nextBlock, headIndex: headIndex() }),
      failed_puts: failedPuts,
      skipped_blocks: skippedBlocks,
      conflicts,
    },
  };
}

/** Sealed blocks that are not known to be on a majority of their replicas. */
export function blocksBehind({ nextBlock, headIndex }: { nextBlock: number; headIndex: number }): number {
  return Math.max(0, headIndex + 1 - nextBlock);
}

function shown({ id, host, port }: Contact): z.input<typeof node> {
  return { id, address: formatAddress({ host, port }) };
}
