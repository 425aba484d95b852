// POST /add-checkpoint and GET /v1/witness: this receiver as a witness of other logs. What is decided stands in witness/witness.ts.

import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { WitnessedLogReport } from '../store/witness-store.ts';
import type { AddCheckpointAnswer } from '../witness/witness.ts';
import { DATABASE_AWAY, jsonAnswer, problems } from './answers.ts';

/** Longest request read: 63 hashes of 45 characters, and a checkpoint with 64 signatures of some hundred. A guess with room. */
const MAX_BODY_BYTES = 64 * 1024;

const report = z
  .object({
    name: z.string(),
    verifier_key: z.string().describe('C2SP verifier key: what a log needs to count the cosignatures.'),
    logs: z.array(
      z.object({
        origin: z.string(),
        size: z.number().describe('Of the newest checkpoint cosigned; 0: none yet.'),
        checkpoint: z.string().nullable(),
        forks: z.number().describe('Refused: another root at a size that was cosigned. Proof against the log.'),
        rollbacks: z
          .number()
          .describe('Refused: smaller than the newest. An old checkpoint sent again looks the same.'),
        unproven: z.number().describe('Refused: larger, but not shown to extend the newest.'),
      }),
    ),
  })
  .meta({
    id: 'WitnessReport',
    examples: [
      {
        name: 'witness.example',
        verifier_key: 'witness.example+4f2b1c3d+BNddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1E',
        logs: [{ origin: 'example.org/ledger', size: 0, checkpoint: null, forks: 0, rollbacks: 0, unproven: 0 }],
      },
    ],
  });
const cosignatures = z
  .string()
  .meta({ description: 'Signature lines of a C2SP note.', examples: ['— witness.example c2lnbmF0dXJl\n'] });
const request = z.string().meta({
  description: '`old <size>`, the lines of a consistency path, an empty line, and the checkpoint.',
  examples: [
    'old 0\n\nexample.org/ledger\n42\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\n— example.org/ledger c2lnbmF0dXJlIG9mIHRoZSBsZWRnZXI=\n',
  ],
});
const size = z.string().meta({ description: 'The size cosigned last.', examples: ['42\n'] });

export interface WitnessRoutes {
  readonly identity: { readonly name: string; readonly verifierKey: string };
  /** Origins of the logs that this witness knows. */
  readonly origins: readonly string[];
  addCheckpoint(body: string): Promise<AddCheckpointAnswer>;
  report(): Promise<WitnessedLogReport[]>;
}

export function witnessRoutes(app: FastifyInstance, witness: WitnessRoutes): void {
  // A scope of its own: the body is text whatever content type it names, and C2SP names none.
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'string', bodyLimit: MAX_BODY_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    const schema = {
      summary: 'Ask this witness to cosign a checkpoint (C2SP tlog-witness)',
      description: '409 with text/x.tlog.size names the size cosigned last.',
      tags: ['Witness'],
      consumes: ['text/plain'],
      body: request,
      response: {
        200: { description: 'Cosigned.', content: { 'text/plain': { schema: cosignatures } } },
        409: { description: 'Another size was cosigned last.', content: { 'text/x.tlog.size': { schema: size } } },
        ...problems(
          ['checkpoint-malformed', 'the old size is larger than the checkpoint'],
          ['checkpoint-untrusted', 'no signature of a key that this witness trusts for that log'],
          ['log-unknown', 'this witness does not know that log'],
          ['checkpoint-inconsistent', 'the path does not show that the checkpoint extends the last one'],
          ['body-too-large', 'Request body is too large'],
          ['overloaded', 'too many checkpoints wait; ask again soon'],
          DATABASE_AWAY,
        ),
      },
    };
    // The witness parses the body itself, an empty one too; its schema only describes it.
    scope.setValidatorCompiler(() => (value: unknown) => ({ value }));
    scope
      .withTypeProvider<ZodTypeProvider>()
      .post('/add-checkpoint', { schema, bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
        const answer = await witness.addCheckpoint(typeof request.body === 'string' ? request.body : '');
        if (answer.kind === 'conflict') return reply.code(409).type('text/x.tlog.size').send(`${answer.size}\n`);
        return reply.code(200).type('text/plain; charset=utf-8').send(answer.lines);
      });
  });

  const schema = {
    summary: 'This witness, and what it cosigned and refused of each log',
    tags: ['Witness'],
    response: { 200: jsonAnswer(report, { description: 'The witness.' }), ...problems(DATABASE_AWAY) },
  };
  app.withTypeProvider<ZodTypeProvider>().get('/v1/witness', { schema }, async () => {
    const seen = new Map((await witness.report()).map((log) => [log.origin, log]));
    const logs = witness.origins.map((origin) => {
      const { size = 0, checkpoint = null, forks = 0, rollbacks = 0, unproven = 0 } = seen.get(origin) ?? {};
      return { origin, size, checkpoint, forks, rollbacks, unproven };
    });
    return { name: witness.identity.name, verifier_key: witness.identity.verifierKey, logs };
  });
}
