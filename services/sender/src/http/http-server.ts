// The Fastify instance: zod validation, one error shape, OpenAPI 3.1 and Swagger UI at /apidocs. The routes are in the files beside.

import swagger from '@fastify/swagger';
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  jsonSchemaTransformObject,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { registerApiDocs } from './api-docs.ts';
import { isProblemRoute, problem } from './problem.ts';

/** Largest request body in bytes: two numbers need no more. */
const BODY_LIMIT_BYTES = 16_384;

export async function createHttpServer(options: {
  logger: FastifyBaseLogger;
  version: string;
}): Promise<FastifyInstance> {
  const server: FastifyInstance = fastify({
    loggerInstance: options.logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    // A browser's idle connection must not hold up the end of the service.
    forceCloseConnections: true,
    // Fastify loads compilers of its own unless it is given others, and they hold 2 MB.
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
  });
  server.setValidatorCompiler(validatorCompiler);
  server.setSerializerCompiler(serializerCompiler);

  // A request without a body takes every default, as a body of {} does.
  server.addHook('preValidation', async (request) => {
    if (request.method === 'POST' && (request.body === undefined || request.body === null)) request.body = {};
  });

  server.setErrorHandler((error, request, reply) => {
    const { status, message } = describe(error);
    // The caller learns nothing of a fault of ours; the log does.
    if (status >= 500) request.log.error({ err: error }, 'request failed');
    if (isProblemRoute(request.url)) return problem(reply, { status, detail: message });
    return reply.code(status).send({ status: 'error', message });
  });
  server.setNotFoundHandler((request, reply) => {
    const message = `there is no ${request.method} ${request.url.split('?')[0]}; see /apidocs`;
    if (isProblemRoute(request.url)) return problem(reply, { status: 404, detail: message });
    return reply.code(404).send({ status: 'error', message });
  });

  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Telltale sender',
        description: 'Reads sensors, signs readings and delivers them to a receiver.',
        version: options.version,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      // The page is served by the sender itself, under whatever name it is reached.
      servers: [{ url: '/' }],
      tags: [
        { name: 'schedule', description: 'Taking readings.' },
        { name: 'status', description: 'What it does.' },
        { name: 'outbox', description: 'Receipts, and what the receiver refused.' },
      ],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  registerApiDocs(server);
  return server;
}

/** Never called: the server's own compilers are set before its first route. */
function noCompiler(): never {
  throw new Error('the server has no compiler');
}

function describe(error: unknown): { status: number; message: string } {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const faults = error.validation.map(({ instancePath, message }) => {
      const name = instancePath.slice(1).replaceAll('/', '.');
      return name === '' ? `the body is wrong: ${message}` : `${name}: ${message}`;
    });
    return { status: 400, message: faults.join('; ') };
  }
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') {
    if (error.statusCode >= 400 && error.statusCode < 500) return { status: error.statusCode, message: error.message };
  }
  return { status: 500, message: 'the sender failed; its log says why' };
}
