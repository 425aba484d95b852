// GET /v1/ring/blocks/{hash} and /v1/ring/lanes/…: blocks of any lane from any receiver of the ring. A body is the bytes that the ring keeps
// (block-body.ts of the ledger), verified before it is sent; headers say whose it is.

import { asHash, fromHex, LANE_BYTES, toBase64, toHex } from '@telltale/ledger';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { LaneReader, RingBlock } from '../lane/lane-reader.ts';
import { AnswerBytes, MOST_ANSWER_BYTES } from './answer-bytes.ts';
import { problem, sendAbsent, sendProblem } from './problem.ts';

/** A block never changes. A year, as long as caches keep anything. */
const FOR_EVER = 'public, max-age=31536000, immutable';

const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hexadecimal digits')
  .describe('SHA-256 of the block’s header.');
const lane = z
  .string()
  .regex(new RegExp(`^[0-9a-f]{${2 * LANE_BYTES}}$`), `must be ${2 * LANE_BYTES} lower-case hexadecimal digits`)
  .describe('The lane: the first 12 bytes of the ledger’s key id.');
const height = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number')
  .transform(Number)
  .describe('Height of the block; genesis is 0.');
const bytes = z.string().meta({
  format: 'binary',
  description:
    'header (116 bytes), block signature (64), log size before the block (uint64), one hash for each 1 of its binary form, and the leaves, each behind a uint16 length.',
});
const bodyAnswers = {
  200: {
    description: 'The body of the block. telltale-lane, telltale-height and telltale-origin say whose it is.',
    content: { 'application/octet-stream': { schema: bytes } },
  },
  400: problem,
  404: problem,
  503: problem,
};
const laneAnswer = z
  .object({
    lane: z.string(),
    origin: z.string().describe('The name of the ledger, as its key signed it.'),
    public_key: z.string().describe('Of the ledger, base64 of its SubjectPublicKeyInfo.'),
    height: z.number().describe('Of the newest block that the ring keeps.'),
  })
  .meta({
    examples: [
      {
        lane: '7a1c9e0d2b3f4a5c6d7e8f90',
        origin: 'telltale.local/7a1c9e0d',
        public_key: 'MCowBQYDK2VwAyEA',
        height: 41,
      },
    ],
  });

/** `mostAnswerBytes`: of all bodies on their way out at one time. */
export function laneRoutes(app: FastifyInstance, lanes: LaneReader, mostAnswerBytes = MOST_ANSWER_BYTES): void {
  const tags = ['Ring'];
  const answers = new AnswerBytes(mostAnswerBytes);
  const blockParams = z.object({ hash });
  app.get<{ Params: z.output<typeof blockParams> }>(
    '/v1/ring/blocks/:hash',
    {
      schema: {
        summary: 'A block of any lane, by the hash of its header',
        tags,
        params: blockParams,
        response: bodyAnswers,
      },
    },
    async ({ params }, reply) =>
      sendBlock(reply, answers, await lanes.blockByHash(asHash(fromHex(params.hash) ?? new Uint8Array()))),
  );

  const atParams = z.object({ lane, height });
  app.get<{ Params: z.output<typeof atParams> }>(
    '/v1/ring/lanes/:lane/blocks/:height',
    { schema: { summary: 'A block of a lane, by its height', tags, params: atParams, response: bodyAnswers } },
    async ({ params }, reply) =>
      sendBlock(
        reply,
        answers,
        await lanes.blockAt({ lane: fromHex(params.lane) ?? new Uint8Array(), height: params.height }),
      ),
  );

  const laneParams = z.object({ lane });
  app.get<{ Params: z.output<typeof laneParams> }>(
    '/v1/ring/lanes/:lane',
    {
      schema: {
        summary: 'A lane, and how far the ring has it',
        tags,
        params: laneParams,
        response: { 200: laneAnswer, 400: problem, 404: problem, 503: problem },
      },
    },
    async ({ params }, reply) => {
      const found = await lanes.head(fromHex(params.lane) ?? new Uint8Array());
      if (typeof found === 'string') return sendAbsent(reply, found, 'the ring has no such lane');
      const { origin, publicKey, height: newest } = found;
      return { lane: params.lane, origin, public_key: toBase64(publicKey.spki), height: newest };
    },
  );
}

function sendBlock(
  reply: FastifyReply,
  answers: AnswerBytes,
  block: RingBlock | 'missing' | 'unavailable',
): FastifyReply {
  if (typeof block === 'string') return sendAbsent(reply, block, 'the ring has no such block');
  if (!answers.hold(block.bytes.length, reply.raw)) {
    return sendProblem(reply, {
      status: 503,
      code: 'overloaded',
      detail: 'too many blocks are being read; ask again soon',
    });
  }
  const { decodedHeader, hash: headerHash } = block.body;
  reply.header('telltale-lane', toHex(decodedHeader.lane));
  reply.header('telltale-height', decodedHeader.index);
  reply.header('telltale-block-hash', toHex(headerHash));
  reply.header('telltale-origin', encodeURI(block.origin));
  // The lane's key has signed two blocks of this height: the other one is in the ring too, under its own hash.
  if (block.hasConflict) reply.header('telltale-lane-conflict', '1');
  else reply.header('cache-control', FOR_EVER);
  return reply.type('application/octet-stream').send(Buffer.from(block.bytes));
}
