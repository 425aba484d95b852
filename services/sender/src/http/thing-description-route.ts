// GET /.well-known/wot: the Thing Description, where W3C WoT Discovery looks for it.

import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { failures } from './answers.ts';
import { thingDescription } from './thing-description.ts';

const MEDIA_TYPE = 'application/td+json';

const shape = z
  .looseObject({ '@context': z.array(z.string()), id: z.string(), title: z.string(), base: z.string() })
  .meta({
    examples: [
      {
        '@context': ['https://www.w3.org/2019/wot/td/v1', 'https://www.w3.org/2022/wot/td/v1.1'],
        id: 'ni:///sha-256;ehyeDSs_SlxtfokBKjtMXW5_gZIKO0xdbn-JEKG3vtc',
        title: 'Telltale sender',
        base: 'http://192.168.1.20:5000',
      },
    ],
  });

/** `keyId`: of the device's key. */
export function registerThingDescription(server: FastifyInstance, keyId: Uint8Array): void {
  const schema = {
    summary: 'What this sender is to the Web of Things',
    description: 'A W3C Thing Description 1.1: what can be read and done, with the forms that do it.',
    tags: ['status'],
    response: {
      200: { description: 'The Thing Description.', content: { [MEDIA_TYPE]: { schema: shape } } },
      304: z.null().describe('What If-None-Match names is the answer still.'),
      ...failures({}),
    },
  };
  // Made when somebody first asks: most senders never are.
  let thing: ReturnType<typeof thingDescription> | undefined;
  server.get('/.well-known/wot', { schema }, async (request, reply) => {
    const { 'x-forwarded-proto': outerProtocol, 'if-none-match': known } = request.headers;
    // Hrefs lead where this request came from. Only a proxy that ended TLS knows that it was there.
    const protocol = outerProtocol === 'https' ? outerProtocol : request.protocol;
    thing ??= thingDescription(keyId);
    const text = JSON.stringify({ ...thing, base: `${protocol}://${request.host}` });
    const etag = `"${createHash('sha256').update(text).digest('base64url')}"`;
    reply.headers({ etag, 'cache-control': 'no-cache', vary: 'x-forwarded-proto' });
    return known === etag ? reply.code(304).send() : reply.type(MEDIA_TYPE).send(text);
  });
}
