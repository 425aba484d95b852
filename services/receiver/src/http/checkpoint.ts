// GET /checkpoint: the newest signed checkpoint, where C2SP tlog-tiles wants it. What it says changes, so caches must ask again.

import type { FastifyInstance } from 'fastify';
import type { PublishedCheckpoint } from '../proofs/published-checkpoint.ts';
import { ETAG, NOT_COSIGNED, NOT_MODIFIED, problems } from './answers.ts';
import { conditionalGet } from './conditional-get.ts';
import { checkpointText } from './proof-shape.ts';

export function checkpointRoute(app: FastifyInstance, latestCheckpoint: () => PublishedCheckpoint): void {
  app.get(
    '/checkpoint',
    {
      onSend: conditionalGet,
      schema: {
        summary: 'The newest checkpoint',
        description:
          'Size and root of the log at its newest published block, signed by the ledger’s key (C2SP tlog-checkpoint).',
        tags: ['Proofs'],
        response: {
          200: { description: 'A signed note.', headers: ETAG, content: { 'text/plain': { schema: checkpointText } } },
          ...NOT_MODIFIED,
          ...problems(NOT_COSIGNED),
        },
      },
    },
    (_request, reply) =>
      reply.type('text/plain; charset=utf-8').header('cache-control', 'no-cache').send(latestCheckpoint().note),
  );
}
