// GET /v1/blocks and /v1/blocks/{block}: what the headers of sealed blocks say, the newest first, or one by its index or hash.

import { BITS_PER_DIFFICULTY, fromHex, toBase64, toHex } from '@telltale/ledger';
import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Pool } from 'pg';
import { z } from 'zod';
import { ReceiverError } from '../errors.ts';
import { type BlockSummary, findBlockIndex, readBlockSummaries } from '../store/block-summary-store.ts';
import { DATABASE_AWAY, ETAG, jsonAnswer, LINK_NEXT, NOT_MODIFIED, problems } from './answers.ts';
import { conditionalGet } from './conditional-get.ts';
import { linkNextPage } from './next-page.ts';
import { pageLimit, wholeNumber } from './whole-number.ts';

/** Blocks of a page: some 700 bytes each, and their readings are counted. A guess. */
const PAGE = { default: 20, most: 100 };

const time = z.number().describe('Microseconds since the Unix epoch.');
const blockShape = z.object({
  block_index: z.number(),
  hash: z.string(),
  previous_hash: z.string(),
  sealed_at: time,
  log_root: z.string(),
  log_size: z.number().describe('Leaves of the log up to and including this block’s.'),
  first_leaf: z.number().describe('Index of its first leaf; its leaves end before log_size.'),
  readings: z.number().describe('Leaves that are readings; the others are of the registry.'),
  difficulty: z.number().describe('Leading zero hexadecimal digits that the hash must have.'),
  nonce: z.string().describe('Decimal digits: it has 64 bits, more than a number of JSON is sure to hold.'),
  signature: z.string().describe('The ledger’s signature over the hash, base64.'),
});
const example: z.infer<typeof blockShape> = {
  block_index: 20,
  hash: '00c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1',
  previous_hash: '004ac6ad0fa7e624bd49359f1f6689610557f43b6bb1ca3835ecd6acb8472981',
  sealed_at: 1_767_225_601_000_000,
  log_root: '3e544d0abc07a6a846aeea6e7b42fb8316e36cc88a03db5e9afb996430e991ac',
  log_size: 42,
  first_leaf: 40,
  readings: 2,
  difficulty: 2,
  nonce: '117',
  signature: 'c2lnbmF0dXJl',
};
export const sealedBlock = blockShape.meta({ id: 'Block', examples: [example] });
export const sealedBlocks = z
  .object({ blocks: z.array(sealedBlock) })
  .meta({ id: 'Blocks', examples: [{ blocks: [example] }] });

export function explorerBlocksRoutes(app: FastifyInstance, service: { pool: Pool; headIndex: () => number }): void {
  const { pool, headIndex } = service;
  const tags = ['Readings and chain'];
  const typed = app.withTypeProvider<ZodTypeProvider>();

  const querystring = z.strictObject({
    before: wholeNumber
      .optional()
      .describe('The block before which the page begins; without, it begins at the newest.'),
    limit: pageLimit(PAGE),
  });
  typed.get(
    '/v1/blocks',
    {
      onSend: conditionalGet,
      schema: {
        summary: 'Sealed blocks, the newest first',
        description: 'Where there are older ones, `Link: <…>; rel="next"` leads to them.',
        tags,
        querystring,
        response: {
          200: jsonAnswer(sealedBlocks, { description: 'A page of blocks.', headers: { ...ETAG, ...LINK_NEXT } }),
          ...NOT_MODIFIED,
          ...problems(['request-invalid', 'querystring/limit must be a whole number in plain digits'], DATABASE_AWAY),
        },
      },
    },
    async ({ query: { before, limit } }, reply) => {
      const end = Math.min(before ?? Number.MAX_SAFE_INTEGER, headIndex() + 1);
      const start = Math.max(0, end - limit);
      if (start > 0) linkNextPage(reply, { path: '/v1/blocks', query: { before: start, limit } });
      const blocks = end > start ? await readBlockSummaries(pool, { start, limit: end - start }) : [];
      return { blocks: blocks.reverse().map(toAnswer) };
    },
  );

  const params = z.object({
    block: z
      .string()
      .regex(
        /^(0|[1-9][0-9]{0,14}|[0-9a-f]{64})$/,
        'must be the index of a block, or its hash as 64 lower-case hexadecimal digits',
      )
      .meta({ description: 'Index, or hash.', examples: ['20'] }),
  });
  typed.get(
    '/v1/blocks/:block',
    {
      onSend: conditionalGet,
      schema: {
        summary: 'One sealed block',
        tags,
        params,
        response: {
          200: jsonAnswer(sealedBlock, { description: 'The block.', headers: ETAG }),
          ...NOT_MODIFIED,
          ...problems(
            [
              'request-invalid',
              'params/block must be the index of a block, or its hash as 64 lower-case hexadecimal digits',
            ],
            ['block-not-found', 'no block of this ledger has that index or hash'],
            DATABASE_AWAY,
          ),
        },
      },
    },
    async ({ params: { block: asked } }) => {
      const hash = asked.length === 64 ? fromHex(asked) : undefined;
      const index = hash ? await findBlockIndex(pool, hash) : Number(asked);
      const [block] = index === undefined ? [] : await readBlockSummaries(pool, { start: index, limit: 1 });
      if (block?.header.index !== index || !block) {
        throw new ReceiverError('block-not-found', 'no block of this ledger has that index or hash');
      }
      return toAnswer(block);
    },
  );
}

function toAnswer({ header, hash, signature, firstLeaf, readings }: BlockSummary): z.infer<typeof sealedBlock> {
  return {
    block_index: header.index,
    hash: toHex(hash),
    previous_hash: toHex(header.previousHash),
    sealed_at: header.timestampUs,
    log_root: toHex(header.logRoot),
    log_size: header.logSize,
    first_leaf: firstLeaf,
    readings,
    difficulty: header.difficultyBits / BITS_PER_DIFFICULTY,
    nonce: header.nonce.toString(),
    signature: toBase64(signature),
  };
}
