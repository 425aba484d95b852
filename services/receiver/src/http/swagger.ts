// Swagger UI at /apidocs/ over the OpenAPI document, with an example for /receive_data that is really signed.

import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { documentOptions } from './openapi-document.ts';

/** Nothing from another host. Swagger UI sets styles in its elements, so those may be inline; its icons are data: images. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Registers both; routes registered afterwards are part of the document. */
export async function registerSwagger(app: FastifyInstance): Promise<void> {
  await app.register(swagger, documentOptions);
  await app.register(swaggerUi, { routePrefix: '/apidocs', staticCSP: CONTENT_SECURITY_POLICY });
}
