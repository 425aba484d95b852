// Swagger UI at /apidocs, loaded when somebody first looks at it: most senders are never looked at, and it takes memory for their whole life.

import swagger from '@fastify/swagger';
import { type FastifyInstance, fastify } from 'fastify';

const ROUTE = '/apidocs';

/** Serves the page for the document that `server.swagger()` gives; needs @fastify/swagger there. */
export function registerApiDocs(server: FastifyInstance): void {
  let page: Promise<FastifyInstance> | undefined;
  const open = async (): Promise<FastifyInstance> => {
    const { default: swaggerUi } = await import('@fastify/swagger-ui');
    const app = fastify();
    await app.register(swagger, { openapi: {}, transformObject: () => server.swagger() });
    await app.register(swaggerUi, { routePrefix: ROUTE });
    await app.ready();
    return app;
  };
  for (const url of [ROUTE, `${ROUTE}/*`]) {
    server.get(url, { schema: { hide: true } }, async (request, reply) => {
      page ??= open();
      const app = await page;
      reply.hijack();
      app.routing(request.raw, reply.raw);
    });
  }
  server.addHook('onClose', async () => {
    await (await page?.catch(() => undefined))?.close();
  });
}
