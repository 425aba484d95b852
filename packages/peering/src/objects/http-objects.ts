// PUT and GET /v1/ring/objects/…: submit and read over HTTP.

import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { problem } from '../http/problem.ts';
import { type NodeId, parseNodeId } from '../node-id.ts';
import { receiptToJson } from '../replication/storage-receipt.ts';
import { requireToken } from './bearer-token.ts';
import { sendFault } from './object-fault.ts';
import type { ObjectLimits } from './object-limits.ts';
import { Places, sendOverloaded } from './places.ts';
import type { RingObjects } from './ring-objects.ts';

/** A year, as long as HTTP caches go: the bytes of a key never change. */
const FOREVER = 'public, max-age=31536000, immutable';
const AT = '/v1/ring/objects';

const bytes = z.string().meta({ format: 'binary', description: 'Any bytes.' });
const key = z.string().transform((text, context): NodeId => {
  const parsed = parseNodeId(text);
  if (!parsed) context.addIssue('must be 64 lower-case hexadecimal digits');
  return parsed ?? z.NEVER;
});
const params = z.object({ key });
const receipt = z.object({
  node: z.string().describe('The Ed25519 key of the replica, base64.'),
  id: z.string(),
  size: z.number(),
  time: z.number().describe('Microseconds since the Unix epoch.'),
  signature: z.string(),
});
const submitted = z.object({
  key: z.string().describe('SHA-256 of the bytes.'),
  receipts: z.array(receipt).describe('Storage receipts of the replicas that acknowledged the object.'),
});
const submitProblems = { 400: problem, 401: problem, 413: problem, 503: problem };

export function objectsRoutes(
  app: FastifyInstance,
  parts: { objects: RingObjects; token: string | undefined; limits: ObjectLimits },
): void {
  const { objects, token, limits } = parts;
  const tags = ['Ring'];
  const serializerCompiler = () => (data: unknown) => JSON.stringify(data);

  const submit = async (body: unknown, reply: FastifyReply, known?: NodeId) => {
    // Fastify parses no body where a request has none.
    const object = body instanceof Uint8Array ? body : new Uint8Array();
    const done = await objects.submit(object, known);
    if (!done.ok) return sendFault(reply, done);
    const { key: stored, receipts } = done.value;
    reply.code(201).header('location', `${AT}/${stored}`);
    return { key: stored, receipts: receipts.map(receiptToJson) };
  };

  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    // Before the body is read.
    const onRequest = [requireToken(token), new Places(limits.putsAtOnce).hold()];
    const description =
      'Any bytes, of any content type, which is not kept. Answered once a majority of the replicas has them. With PEER_TOKEN set it is the bearer token that this needs.';
    // Described, not checked: the bytes are whatever they are.
    const body = { body: bytes, consumes: ['application/octet-stream'] };
    const validatorCompiler = () => (value: unknown) => ({ value });
    const response = { 201: submitted, ...submitProblems };

    scope.put(
      AT,
      {
        bodyLimit: limits.objectBytes,
        onRequest,
        validatorCompiler,
        serializerCompiler,
        schema: { summary: 'Submit an object to the ring', description, tags, ...body, response },
      },
      (request, reply) => submit(request.body, reply),
    );
    scope.put<{ Params: { key: string } }>(
      `${AT}/:key`,
      {
        bodyLimit: limits.objectBytes,
        onRequest,
        validatorCompiler,
        serializerCompiler,
        schema: {
          summary: 'Submit an object whose key is known',
          description: `${description} 400 unless the key is their SHA-256.`,
          tags,
          params: z.object({ key: z.string().describe('SHA-256 of the bytes, 64 lower-case hexadecimal digits.') }),
          ...body,
          response,
        },
      },
      (request, reply) => {
        const known = parseNodeId(request.params.key);
        if (known) return submit(request.body, reply, known);
        return sendFault(reply, { code: 'object-key', message: 'a key has 64 lower-case hexadecimal digits' });
      },
    );
  });

  const reads = new Places(limits.readsAtOnce);
  app.get<{ Params: z.output<typeof params> }>(
    `${AT}/:key`,
    {
      exposeHeadRoute: false,
      serializerCompiler,
      schema: {
        summary: 'Read an object from the ring',
        description: 'From whichever replica has it; its hash is checked. 503: not all replicas could be asked.',
        tags,
        params,
        response: {
          200: { description: 'The bytes.', content: { 'application/octet-stream': { schema: bytes } } },
          304: z.null().describe('Whoever asks has it already.'),
          400: problem,
          404: problem,
          503: problem,
        },
      },
    },
    async (request, reply) => {
      const { key: asked } = request.params;
      const etag = `"${asked}"`;
      // Its key is its hash: who has an object of this key has this one.
      if (request.headers['if-none-match'] === etag) {
        return reply.code(304).header('etag', etag).header('cache-control', FOREVER).send();
      }
      // Only while the ring is asked: a reader that takes its bytes slowly keeps nobody else out.
      const release = reads.take();
      if (!release) return sendOverloaded(reply);
      const found = await objects.read(asked).finally(release);
      if (!found.ok) return sendFault(reply, found);
      return reply
        .header('etag', etag)
        .header('cache-control', FOREVER)
        .header('x-content-type-options', 'nosniff')
        .type('application/octet-stream')
        .send(Buffer.from(found.value));
    },
  );
}
