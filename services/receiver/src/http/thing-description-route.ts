// GET /.well-known/wot: the Thing Description, where W3C WoT Discovery looks for it.

import type { PublicKey } from '@telltale/ledger';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ETAG, NOT_MODIFIED, problems } from './answers.ts';
import { conditionalGet } from './conditional-get.ts';
import { thingDescription } from './thing-description.ts';

const document = z.looseObject({ '@context': z.array(z.string()), id: z.string(), title: z.string() }).meta({
  examples: [
    {
      '@context': ['https://www.w3.org/2019/wot/td/v1', 'https://www.w3.org/2022/wot/td/v1.1'],
      id: 'ni:///sha-256;ehyeDSs_SlxtfokBKjtMXW5_gZIKO0xdbn-JEKG3vtc',
      title: 'Telltale ledger example.org/ledger',
      base: 'https://ledger.example.org',
    },
  ],
});

export function thingDescriptionRoute(
  app: FastifyInstance,
  { ledger }: { ledger: { readonly origin: string; readonly key: PublicKey } },
): void {
  const thing = thingDescription(ledger);
  app.get(
    '/.well-known/wot',
    {
      onSend: conditionalGet,
      schema: {
        summary: 'What this receiver is to the Web of Things',
        description: 'A W3C Thing Description 1.1: what can be read, done and followed, with the forms that do it.',
        tags: ['Operation'],
        response: {
          200: {
            description: 'The Thing Description.',
            headers: ETAG,
            content: { 'application/td+json': { schema: document } },
          },
          ...NOT_MODIFIED,
          ...problems(),
        },
      },
    },
    (request, reply) => {
      // Hrefs lead where this request came from. Only the proxy that ended TLS knows that it was there.
      const isHttps = request.headers['x-forwarded-proto'] === 'https';
      const base = `${isHttps ? 'https' : request.protocol}://${request.host}`;
      return reply
        .type('application/td+json')
        .header('vary', 'x-forwarded-proto')
        .send(JSON.stringify({ ...thing, base }));
    },
  );
}
