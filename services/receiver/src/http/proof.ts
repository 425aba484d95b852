// GET /v1/readings/{transaction_id}/proof: that a transaction is sealed, for whoever has nothing but the ledger's key.

import { formatProof, fromHex, type PublicKey, proofToJson } from '@telltale/ledger';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { ReceiverError } from '../errors.ts';
import { proveLeaves } from '../proofs/prove.ts';
import type { PublishedCheckpoint } from '../proofs/published-checkpoint.ts';
import { findLeaf } from '../store/reading-store.ts';
import { DATABASE_AWAY, ETAG, NOT_COSIGNED, NOT_MODIFIED, problems } from './answers.ts';
import { conditionalGet } from './conditional-get.ts';
import { proofJson, proofText } from './proof-shape.ts';
import { transactionId } from './reading-shape.ts';

/** Seconds in Retry-After of a pending reading. A guess: a block is due within a few seconds, and a checkpoint right after it. */
const RETRY_AFTER_S = 2;

const params = z.object({ transaction_id: transactionId });
const querystring = z.strictObject({
  format: z
    .enum(['text', 'json'])
    .optional()
    .describe('What the Accept header says otherwise; text where it says nothing.'),
});

export function proofRoute(
  app: FastifyInstance,
  service: { pool: Pool; ledger: { readonly key: PublicKey }; latestCheckpoint: () => PublishedCheckpoint },
): void {
  app.get<{ Params: z.output<typeof params>; Querystring: z.output<typeof querystring> }>(
    '/v1/readings/:transaction_id/proof',
    {
      onSend: conditionalGet,
      // Both forms are written here; the schemas describe them.
      serializerCompiler: () => (data) => JSON.stringify(data),
      schema: {
        summary: 'Proof that a transaction is sealed',
        description:
          'Checks offline with the ledger’s key alone. It does not show that the key was not revoked before: an export does. 409 with code "pending" while no published checkpoint covers it.',
        tags: ['Proofs'],
        params,
        querystring,
        response: {
          200: {
            description: 'The proof.',
            headers: ETAG,
            content: {
              'text/plain': { schema: proofText },
              'application/json': { schema: proofJson },
            },
          },
          ...NOT_MODIFIED,
          ...problems(
            ['request-invalid', 'params/transaction_id must be 64 lower-case hexadecimal digits'],
            ['reading-not-found', 'this ledger has accepted no transaction with this id'],
            ['pending', 'the transaction is pending: no published checkpoint covers it yet'],
            NOT_COSIGNED,
            DATABASE_AWAY,
          ),
        },
      },
    },
    async ({ params: { transaction_id: id }, query, headers }, reply) => {
      const stored = await findLeaf(service.pool, fromHex(id) ?? new Uint8Array(0));
      if (!stored) throw new ReceiverError('reading-not-found', 'this ledger has accepted no transaction with this id');
      const checkpoint = service.latestCheckpoint();
      if (stored.leafIndex >= checkpoint.head.header.logSize) {
        reply.header('retry-after', RETRY_AFTER_S);
        throw new ReceiverError('pending', 'the transaction is pending: no published checkpoint covers it yet');
      }
      const [proof] = await proveLeaves(service.pool, { leaves: [stored], checkpoint, ledgerKey: service.ledger.key });
      if (!proof) throw new Error(`there is no proof of leaf ${stored.leafIndex}`);
      // A later checkpoint gives another proof of the same leaf.
      reply.header('cache-control', 'no-cache').header('vary', 'accept');
      const format = query.format ?? (headers.accept?.includes('application/json') ? 'json' : 'text');
      return format === 'json' ? proofToJson(proof) : reply.type('text/plain; charset=utf-8').send(formatProof(proof));
    },
  );
}
