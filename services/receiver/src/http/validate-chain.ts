// GET /validate_chain: the whole ledger recomputed from its stored bytes, for as long as its caller waits for the answer.

import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ValidationReport } from '../validate/validate-chain.ts';
import type { ValidationQueue } from '../validate/validation-queue.ts';
import { DATABASE_AWAY, jsonAnswer, plainErrors } from './answers.ts';

const shape = z.object({
  status: z.literal('success'),
  valid: z.boolean(),
  message: z.string(),
  blocks: z.number().describe('Blocks that are sound, genesis included.'),
  leaves: z.number(),
  readings: z.number(),
  devices: z.number(),
  keys: z.number(),
  pending: z.number().describe('Leaves that are accepted and not in a block yet; they are checked too.'),
  fault: z
    .object({
      code: z.string(),
      message: z.string(),
      block_index: z.number().nullable().describe('The first block that is wrong; null: not in a block.'),
      leaf_index: z.number().nullable().describe('The first leaf that is wrong; null: the block itself.'),
    })
    .nullable(),
});
export const validationReport = shape.meta({
  id: 'ValidationReport',
  examples: [
    {
      status: 'success',
      valid: true,
      message: 'The chain of 21 blocks is valid up to block 20',
      blocks: 21,
      leaves: 42,
      readings: 40,
      devices: 2,
      keys: 2,
      pending: 0,
      fault: null,
    },
  ],
});

export function validateChainRoute(app: FastifyInstance, validations: ValidationQueue): void {
  app.withTypeProvider<ZodTypeProvider>().get(
    '/validate_chain',
    {
      schema: {
        summary: 'Validate the whole chain',
        description:
          'Recomputes every signature, hash, root and link from the stored bytes and names the first block and leaf that is wrong.',
        tags: ['Readings and chain'],
        response: {
          200: jsonAnswer(validationReport, { description: 'What was found. A chain that is not valid is a 200 too.' }),
          ...plainErrors(
            ['overloaded', 'the chain is being validated for others; ask again soon'],
            ['stopping', 'the receiver is stopping; ask again soon'],
            DATABASE_AWAY,
          ),
        },
      },
    },
    async (request, reply) => {
      const { signal } = request;
      try {
        return toAnswer(await validations.run(signal));
      } catch (error) {
        if (!signal.aborted) throw error;
        // The caller is gone: nobody hears an answer, and it is no failure for the log.
        return reply.hijack();
      }
    },
  );
}

function toAnswer({
  fault,
  head,
  blocks,
  leaves,
  readings,
  devices,
  keys,
  pending,
}: ValidationReport): z.infer<typeof shape> {
  const message = fault
    ? sentence(fault)
    : `The chain of ${blocks} blocks is valid${head ? ` up to block ${head.index}` : ''}`;
  return {
    status: 'success',
    valid: fault === undefined,
    message,
    blocks,
    leaves,
    readings,
    devices,
    keys,
    pending,
    fault: fault
      ? {
          code: fault.code,
          message: fault.message,
          block_index: fault.blockIndex ?? null,
          leaf_index: fault.leafIndex ?? null,
        }
      : null,
  };
}

function sentence(fault: NonNullable<ValidationReport['fault']>): string {
  const block = fault.blockIndex === undefined ? '' : ` in block ${fault.blockIndex}`;
  const leaf = fault.leafIndex === undefined ? '' : ` at leaf ${fault.leafIndex}`;
  return `The chain is not valid: the first fault is${block}${leaf}: ${fault.message}`;
}
