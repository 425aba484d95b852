// GET /v1/consistency: that the log of one size is the beginning of the log of another. Source: RFC 6962 section 2.1.2.

import { toHex } from '@telltale/ledger';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Pool } from 'pg';
import { z } from 'zod';
import { ReceiverError } from '../errors.ts';
import { proveGrowth } from '../proofs/prove.ts';
import type { PublishedCheckpoint } from '../proofs/published-checkpoint.ts';
import { DATABASE_AWAY, ETAG, jsonAnswer, NOT_COSIGNED, NOT_MODIFIED, problems } from './answers.ts';
import { conditionalGet } from './conditional-get.ts';
import { wholeNumber } from './whole-number.ts';

const growth = z
  .object({
    from: z.number(),
    to: z.number(),
    path: z.array(z.string()).describe('Consistency path, hexadecimal; empty where from is 0 or to.'),
  })
  .meta({
    id: 'Consistency',
    examples: [{ from: 41, to: 42, path: ['0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c'] }],
  });

export function consistencyRoute(
  app: FastifyInstance,
  service: { pool: Pool; latestCheckpoint: () => PublishedCheckpoint },
): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/v1/consistency',
    {
      onSend: conditionalGet,
      schema: {
        summary: 'The path between two sizes of the log',
        description:
          'Sizes are numbers of leaves, from ≤ to, not past the published checkpoint; `to` is its size where it is not given.',
        tags: ['Proofs'],
        querystring: z.strictObject({
          from: wholeNumber.meta({ description: 'The smaller size.', examples: [41] }),
          to: wholeNumber.optional().meta({ description: 'The larger size.', examples: [42] }),
        }),
        response: {
          200: jsonAnswer(growth, { description: 'The path.', headers: ETAG }),
          ...NOT_MODIFIED,
          ...problems(
            ['request-invalid', 'from must not be past to'],
            ['pending', 'the published checkpoint is of 42 leaves, not more; ask again later'],
            NOT_COSIGNED,
            DATABASE_AWAY,
          ),
        },
      },
    },
    async ({ query: { from, to: asked } }) => {
      const published = service.latestCheckpoint().head.header.logSize;
      const to = asked ?? published;
      if (to > published || from > published) {
        throw new ReceiverError(
          'pending',
          `the published checkpoint is of ${published} leaves, not more; ask again later`,
        );
      }
      if (from > to) throw new ReceiverError('request-invalid', 'from must not be past to');
      const path = await proveGrowth(service.pool, { fromSize: from, toSize: to });
      return { from, to, path: path.map(toHex) };
    },
  );
}
