// The OpenAPI 3.1 document and its Swagger UI at /apidocs/, with an example for /receive_data that is really signed.

import { generateKeyPairSync, sign } from 'node:crypto';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';

/** Nothing from another host. Swagger UI sets styles in its elements, so those may be inline; its icons are data: images. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Registers both; routes registered afterwards are part of the document. */
export async function registerSwagger(app: FastifyInstance, now: () => Date): Promise<void> {
  const example = signedExample(now());
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Telltale receiver',
        description: 'Verifies signed readings, makes them durable and seals them into mined blocks.',
        version: '1',
      },
      // The page is served by the receiver itself, under whatever name it is reached.
      servers: [{ url: '/' }],
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => withExample(jsonSchemaTransformObject(document), example),
  });
  await app.register(swaggerUi, { routePrefix: '/apidocs', staticCSP: CONTENT_SECURITY_POLICY });
}

/**
 * A request body as text: the signature covers the bytes of `data` as they stand in it. Swagger UI prints JSON with an indentation of two,
 * so that is how it stands here. The key is made for this and forgotten: the device is an example.
 */
function signedExample(now: Date): string {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const data = { device: 'Swagger example', distance: 120, timestamp: now.getTime() / 1000 };
  // Within an array and an object the lines of `data` stand four spaces further in.
  const message = JSON.stringify(data, null, 2).replaceAll('\n', '\n    ');
  const signature = sign(null, Buffer.from(message), privateKey).toString('base64');
  const public_key = publicKey.export({ type: 'spki', format: 'pem' });
  return JSON.stringify([{ data, signature, public_key }], null, 2);
}

function withExample<Document extends object>(document: Document, example: string): Document {
  const media = descend(document, ['paths', '/receive_data', 'post', 'requestBody', 'content', 'application/json']);
  if (media) Object.assign(media, { example });
  return document;
}

function descend(value: unknown, names: readonly string[]): object | undefined {
  let at = value;
  for (const name of names) at = isObject(at) ? Reflect.get(at, name) : undefined;
  return isObject(at) ? at : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
