// GET /v1/ledger: who this ledger is and where it stands. Whom to trust a verifier must know from elsewhere.

import { formatVerifierKey, type PublicKey, toBase64, toHex } from '@telltale/ledger';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { PublishedCheckpoint } from '../proofs/published-checkpoint.ts';
import { ETAG, jsonAnswer, NOT_COSIGNED, NOT_MODIFIED, problems } from './answers.ts';
import { conditionalGet } from './conditional-get.ts';

export const ledgerShape = z
  .object({
    origin: z.string(),
    public_key: z.string().describe('SubjectPublicKeyInfo DER of the ledger’s Ed25519 key, base64.'),
    key_id: z.string(),
    lane: z.string().describe('The first 12 bytes of the key id, hexadecimal.'),
    verifier_key: z.string().describe('The same key as C2SP verifier key, for --key.'),
    head: z
      .object({
        index: z.number(),
        hash: z.string(),
        log_size: z.number(),
        log_root: z.string(),
        timestamp: z.number().describe('Microseconds since the Unix epoch.'),
      })
      .describe('The newest block that the published checkpoint covers.'),
    mode: z
      .enum(['open', 'strict'])
      .describe('open: a new key is recorded at its first use. strict: keys are enrolled first.'),
    plugins: z.array(z.string()).describe('Plugins of this receiver, by name; `peering` has the routes of the ring.'),
  })
  .meta({
    id: 'Ledger',
    examples: [
      {
        origin: 'example.org/ledger',
        public_key: 'MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
        key_id: '06f8a7e2bd0ed2f0b02c6f2a8a7b3a2cbb3d8a2d6f1a6f0a5e4b3c2d1e0f9a8b',
        lane: '06f8a7e2bd0ed2f0b02c6f2a',
        verifier_key: 'example.org/ledger+4f2b1c3d+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea',
        head: {
          index: 20,
          hash: '00c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1',
          log_size: 42,
          log_root: '3e544d0abc07a6a846aeea6e7b42fb8316e36cc88a03db5e9afb996430e991ac',
          timestamp: 1_767_225_601_000_000,
        },
        mode: 'strict' as const,
        plugins: ['peering'],
      },
    ],
  });

export function ledgerRoute(
  app: FastifyInstance,
  service: {
    ledger: { readonly origin: string; readonly key: PublicKey; readonly lane: Uint8Array };
    isStrict: boolean;
    plugins: readonly string[];
    latestCheckpoint: () => PublishedCheckpoint;
  },
): void {
  const { origin, key, lane } = service.ledger;
  const identity = {
    origin,
    public_key: toBase64(key.spki),
    key_id: toHex(key.keyId),
    lane: toHex(lane),
    verifier_key: formatVerifierKey(origin, key.spki),
    mode: service.isStrict ? ('strict' as const) : ('open' as const),
    plugins: [...service.plugins],
  };
  app.withTypeProvider<ZodTypeProvider>().get(
    '/v1/ledger',
    {
      onSend: conditionalGet,
      schema: {
        summary: 'Who this ledger is',
        description:
          'Its name and key, and its newest published block. Whom to trust a verifier must know from elsewhere.',
        tags: ['Proofs'],
        response: {
          200: jsonAnswer(ledgerShape, { description: 'The ledger.', headers: ETAG }),
          ...NOT_MODIFIED,
          ...problems(NOT_COSIGNED),
        },
      },
    },
    () => {
      const { header, hash } = service.latestCheckpoint().head;
      const head = {
        index: header.index,
        hash: toHex(hash),
        log_size: header.logSize,
        log_root: toHex(header.logRoot),
        timestamp: header.timestampUs,
      };
      return { ...identity, head };
    },
  );
}
