// GET /v1/readings and /v1/readings/{transaction_id}: what was accepted, pending or sealed, with proofs where they are asked for.

import { setImmediate } from 'node:timers/promises';
import { asHash, fromHex, type Hash, type PublicKey } from '@telltale/ledger';
import type { FoundReading } from '@telltale/plugin';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { ReceiverError } from '../errors.ts';
import { proveLeaves } from '../proofs/prove.ts';
import type { PublishedCheckpoint } from '../proofs/published-checkpoint.ts';
import { readingJson, type ShownReading } from '../proofs/reading-json.ts';
import type { StoredLeaf } from '../store/leaf-store.ts';
import { findLeaf, findSealings, readLeavesAt } from '../store/reading-store.ts';
import { DATABASE_AWAY, ETAG, jsonAnswer, LINK_NEXT, NOT_COSIGNED, NOT_MODIFIED, problems } from './answers.ts';
import { conditionalGet } from './conditional-get.ts';
import { linkNextPage } from './next-page.ts';
import { reading, readings, transactionId } from './reading-shape.ts';
import { findFilteredLeaves, readingsFilter } from './readings-filter.ts';
import { pageLimit, wholeNumber } from './whole-number.ts';

/** Readings of one page: what findReadingIndexes and the proofs hold in memory. A guess. */
const PAGE = { default: 100, most: 1_000 };

/** About a hundred records. A guess. */
const LARGE_LEAF_BYTES = 4096;

const params = z.object({ transaction_id: transactionId });
const querystring = z.strictObject({
  ...readingsFilter,
  after: wholeNumber.optional().describe('The leaf index behind which the page begins.'),
  limit: pageLimit(PAGE),
  proof: z.enum(['0', '1']).optional().describe('1: each sealed reading comes with its proof.'),
});

export interface ReadingsService {
  readonly pool: Pool;
  readonly ledger: { readonly key: PublicKey };
  readonly latestCheckpoint: () => PublishedCheckpoint;
  /** Looks for a reading that this ledger does not hold, a few seconds at most. */
  readonly findElsewhere: (transactionId: Hash) => Promise<FoundReading | undefined>;
}

export function readingsRoutes(app: FastifyInstance, service: ReadingsService): void {
  const tags = ['Proofs'];
  const { pool } = service;
  // What is sent is JSON already; the schemas describe it and must not serialise it again.
  const serializerCompiler = () => (data: unknown) => JSON.stringify(data);

  app.get<{ Params: z.output<typeof params> }>(
    '/v1/readings/:transaction_id',
    {
      onSend: conditionalGet,
      serializerCompiler,
      schema: {
        summary: 'One transaction',
        description:
          'A reading, or a leaf of the registry, by its transaction id; of another ledger where only a plugin of this receiver finds it.',
        tags,
        params,
        response: {
          200: jsonAnswer(reading, { description: 'The transaction.', headers: ETAG }),
          ...NOT_MODIFIED,
          ...problems(
            ['request-invalid', 'params/transaction_id must be 64 lower-case hexadecimal digits'],
            ['reading-not-found', 'this ledger has accepted no transaction with this id'],
            DATABASE_AWAY,
          ),
        },
      },
    },
    async ({ params: { transaction_id: id } }, reply) => {
      const shown = await findReading(service, fromHex(id) ?? new Uint8Array(0));
      if (!shown) throw new ReceiverError('reading-not-found', 'this ledger has accepted no transaction with this id');
      return reply.type('application/json; charset=utf-8').send(readingJson(shown));
    },
  );

  app.get<{ Querystring: z.output<typeof querystring> }>(
    '/v1/readings',
    {
      onSend: conditionalGet,
      serializerCompiler,
      schema: {
        summary: 'Readings in the order of the log',
        description:
          'Paged: while there may be more, `Link` names the next page. A page ends early where its readings are large.',
        tags,
        querystring,
        response: {
          200: jsonAnswer(readings, { description: 'A page of readings.', headers: { ...ETAG, ...LINK_NEXT } }),
          ...NOT_MODIFIED,
          ...problems(
            ['request-invalid', 'querystring/limit must be a whole number in plain digits'],
            NOT_COSIGNED,
            DATABASE_AWAY,
          ),
        },
      },
    },
    async ({ query }, reply) => {
      const { after, limit } = query;
      const leafIndexes = await findFilteredLeaves(pool, query, { start: (after ?? -1) + 1, limit });
      const leaves = await readLeavesAt(pool, leafIndexes);
      const shown = await show(service, { leaves, isProved: query.proof === '1' });
      const last = leaves.at(-1);
      if (last && (leaves.length < leafIndexes.length || leafIndexes.length === limit)) {
        linkNextPage(reply, { path: '/v1/readings', query: { ...query, after: last.leafIndex } });
      }
      return reply.type('application/json; charset=utf-8').send(await pageJson(shown));
    },
  );
}

/** A transaction of this ledger, or else of another one. */
async function findReading(
  { pool, findElsewhere }: ReadingsService,
  transactionId: Uint8Array,
): Promise<ShownReading | undefined> {
  const stored = await findLeaf(pool, transactionId);
  if (!stored) {
    const found = await findElsewhere(asHash(transactionId));
    return found && { ...found, sealing: found.sealing };
  }
  const sealings = await findSealings(pool, [stored.leafIndex]);
  return { ...stored, sealing: sealings.get(stored.leafIndex) };
}

/** These leaves with their blocks, and with proofs by the checkpoint that is published now. */
async function show(
  { pool, ledger, latestCheckpoint }: ReadingsService,
  page: { leaves: readonly StoredLeaf[]; isProved: boolean },
): Promise<ShownReading[]> {
  const { leaves } = page;
  const sealings = await findSealings(
    pool,
    leaves.map(({ leafIndex }) => leafIndex),
  );
  const shown = leaves.map((stored) => ({ ...stored, sealing: sealings.get(stored.leafIndex) }));
  if (!page.isProved) return shown;
  const checkpoint = latestCheckpoint();
  const covered = leaves.filter(({ leafIndex }) => leafIndex < checkpoint.head.header.logSize);
  const proofs = await proveLeaves(pool, { leaves: covered, checkpoint, ledgerKey: ledger.key });
  return shown.map((one, i) => ({ ...one, proof: proofs[i] ?? null }));
}

async function pageJson(shown: readonly ShownReading[]): Promise<Buffer> {
  const parts: Buffer[] = [Buffer.from('{"readings":[')];
  for (const [i, one] of shown.entries()) {
    parts.push(Buffer.from(i === 0 ? '' : ',\n'), readingJson(one));
    // A pack of thousands of records takes some 20 ms to resolve: others are answered between two large ones.
    if (one.leaf.length > LARGE_LEAF_BYTES) await setImmediate();
  }
  return Buffer.concat([...parts, Buffer.from(']}\n')]);
}
