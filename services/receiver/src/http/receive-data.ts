// POST /receive_data: signed readings in, receipts out. The body stays bytes: what was signed is never parsed into values and back.

import type { IncomingMessage, OutgoingHttpHeader } from 'node:http';
import type { Receipt } from '@telltale/ledger';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { DATABASE_AWAY, jsonAnswer, plainErrors } from './answers.ts';
import { BodyBudget } from './body-budget.ts';
import { messageShape } from './message-shape.ts';
import { signedExample } from './signed-example.ts';

/** How long `?wait=sealed` waits before it answers with the receipts alone. */
const SEALED_TIMEOUT_MS = 30_000;
/** How long `?ack=quorum` waits before it answers 503. A guess: sealing, and other machines after it. */
const QUORUM_TIMEOUT_MS = 30_000;

export interface ReceiveData {
  /** Verifies and accepts a body. The receipts come once the readings are durable. */
  readonly receive: (body: Uint8Array) => Promise<Receipt[]>;
  /** Waits until these leaves are in blocks and gives the block of each, or undefined after the time. */
  readonly untilSealed: (leafIndexes: readonly number[], timeoutMs: number) => Promise<Map<number, number> | undefined>;
  /** Throws `quorum-unavailable` where nothing keeps readings elsewhere too. */
  readonly requireQuorum: () => void;
  /** Waits until these leaves are durable elsewhere too. Throws `not-replicated` after the time. */
  readonly untilReplicated: (leafIndexes: readonly number[], timeoutMs: number) => Promise<void>;
  readonly maxBodyBytes: number;
}

const envelope = z
  .object({
    data: messageShape.describe(
      'The reading: any JSON object; or many readings of one device under one signature: an array of objects, or a SenML pack (RFC 8428). Its bytes, as they stand here, are what is signed.',
    ),
    signature: z.string().describe('Canonical base64 of the signature over the bytes of data.'),
    public_key: z.string().describe('PEM of an Ed25519, ECDSA P-256 or RSA (PSS) public key.'),
  })
  .meta({ id: 'Envelope' });

const exampleReceipt = {
  transaction_id: '6d1b1f5a5e0f7f4a0d2f2d1c1f6d4c0a7b0e9f3b8d5a4c6e1f0a9b8c7d6e5f40',
  leaf_index: 41,
  leaf_hash: '0b7c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c',
  received_at: 1_767_225_600_123_456,
  seal_by: 1_767_225_660_123_456,
  position: 0,
  count: 1,
  path: [],
  signature: 'c2lnbmF0dXJl',
};

const receipt = z
  .object({
    transaction_id: z.string(),
    leaf_index: z.number(),
    leaf_hash: z.string(),
    received_at: z.number().describe('Microseconds since the Unix epoch.'),
    seal_by: z.number().describe('The time by which the reading will be in a block; 0: none promised.'),
    position: z.number(),
    count: z.number(),
    path: z.array(z.string()).readonly(),
    signature: z.string(),
    block_index: z.number().optional().describe('With wait=sealed: the block that holds the reading.'),
  })
  .meta({ id: 'Receipt', examples: [exampleReceipt] });

export const received = z
  .object({
    status: z.literal('success'),
    message: z.string(),
    receipts: z.array(receipt).describe('One for each envelope, in order.'),
  })
  .meta({ examples: [{ status: 'success', message: 'Data added to blockchain', receipts: [exampleReceipt] }] });

export const receiveDataBody = z.union([z.array(envelope).min(1), envelope]).meta({ examples: [signedExample] });

/** Strict: a mistyped `ack` must not be answered as if it had been asked for. */
export const receiveDataQuery = z.strictObject({
  wait: z
    .enum(['sealed'])
    .optional()
    .describe('Answers once the readings are in a block, with its index; after 30 s without.'),
  ack: z
    .enum(['local', 'quorum'])
    .optional()
    .describe(
      'quorum: answered once the readings are durable on other machines too; 503 where that takes too long, although they are durable here. 400 without a plugin that keeps them there.',
    ),
});

export function receiveDataRoute(app: FastifyInstance, service: ReceiveData): void {
  const bodies = new BodyBudget(service.maxBodyBytes);
  // A frame of its own: whoever waits for sealing afterwards must hold nothing of the body.
  const receive = (request: HeldBody) => bodies.work(request.raw, () => service.receive(takeBody(request)));
  app.register(async (scope) => {
    // With a callback: a promise for each request would only cost. What is thrown goes to the error table all the same.
    scope.addHook('onRequest', (request, reply, done) => {
      bodies.reserve(request.raw, reply.raw);
      done();
    });
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    // The scanner checks the body, over its bytes; its schema only describes it.
    scope.setValidatorCompiler<z.ZodType>((route) =>
      route.httpPart === 'body' ? (value: unknown) => ({ value }) : validatorCompiler(route),
    );
    scope.withTypeProvider<ZodTypeProvider>().post(
      '/receive_data',
      {
        bodyLimit: service.maxBodyBytes,
        // What is answered is made here and typed by its schema: checking it again at run time would only cost.
        serializerCompiler: () => (data) => JSON.stringify(data),
        schema: {
          summary: 'Receive signed readings',
          description:
            'Verifies every signature and answers once the readings are durable: all of the request, or none of it.',
          tags: ['Readings and chain'],
          querystring: receiveDataQuery,
          body: receiveDataBody,
          response: {
            200: jsonAnswer(received, {
              description: 'All readings are durable. The same message gets the same receipt again.',
            }),
            ...plainErrors(
              ['body-malformed', 'the body is not JSON: a value is missing at byte 0'],
              ['envelopes-refused', 'item 1: the signature is not this key’s over these bytes of data'],
              ['quorum-unavailable', 'ack=quorum: no plugin of this receiver keeps readings elsewhere'],
              ['request-invalid', 'querystring/wait Invalid option: expected "sealed"'],
              ['envelopes-forbidden', 'item 0: the key is not enrolled for this device'],
              ['body-too-large', 'Request body is too large'],
              ['envelope-too-large', 'item 0: the envelope is too large'],
              ['too-many-envelopes', 'a request holds at most 1000 envelopes'],
              ['content-type-unsupported', 'the body goes as application/json'],
              ['overloaded', 'too many readings are waiting; send again soon'],
              ['not-stored', 'the readings could not be stored; send them again soon'],
              ['not-replicated', 'the readings are durable here, but not elsewhere yet; send them again soon'],
              ['stopping', 'the receiver is stopping; send again soon'],
              DATABASE_AWAY,
            ),
          },
        },
      },
      async (request, reply) => {
        const isQuorum = request.query.ack === 'quorum';
        if (isQuorum) service.requireQuorum();
        const receipts = await receive(request);
        if (isQuorum) await service.untilReplicated(leafIndexesOf(receipts), QUORUM_TIMEOUT_MS);
        if (request.query.wait !== 'sealed') return sendAtOnce(reply, acceptedBody(receipts));
        const blocks = await service.untilSealed(leafIndexesOf(receipts), SEALED_TIMEOUT_MS);
        const sealed = receipts.map((one) => ({ ...one, ...blockOf(blocks, one) }));
        return sendAtOnce(reply, acceptedBody(sealed));
      },
    );
  });
}

/** The JSON of the answer to readings that were accepted. */
export function acceptedBody<Given extends Receipt>(receipts: Given[]) {
  return { status: 'success' as const, message: 'Data added to blockchain', receipts };
}

/**
 * Sends the answer past fastify's reply, which would look for hooks that this route has not: a tenth of the event loop's work for single
 * readings (its share of a profile).
 */
function sendAtOnce(reply: FastifyReply, answer: z.infer<typeof received>): FastifyReply {
  const text = JSON.stringify(answer);
  const lengthBytes = Buffer.byteLength(text);
  const headers: OutgoingHttpHeader[] = [
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    lengthBytes,
  ];
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) headers.push(name, value);
  reply.hijack();
  reply.raw.writeHead(200, headers);
  reply.raw.end(text);
  return reply;
}

interface HeldBody {
  readonly raw: IncomingMessage;
  body: unknown;
}

/** The body's bytes; the request has them no longer. None for a request without a body. */
function takeBody(request: HeldBody): Uint8Array {
  const { body } = request;
  request.body = undefined;
  return body instanceof Uint8Array ? body : new Uint8Array(0);
}

function leafIndexesOf(receipts: readonly Receipt[]): number[] {
  return receipts.map((one) => one.leaf_index);
}

function blockOf(blocks: Map<number, number> | undefined, one: Receipt): { block_index?: number } {
  const blockIndex = blocks?.get(one.leaf_index);
  return blockIndex === undefined ? {} : { block_index: blockIndex };
}
