// GET / and /assets/…: the explorer as packages/explorer builds it. Everything of it comes from here, and its policy lets nothing else in.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Scripts, styles, pictures, requests and workers of this receiver alone; nothing inline; in nobody's frame. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Names of assets hold a hash of what is in them. A year, as long as HTTP caches go. */
const ASSET_MAX_AGE_MS = 365 * 24 * 3_600_000;

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Telltale</title>
<h1>Telltale receiver</h1>
<p>The explorer is not built here: <code>npm run build --workspace=packages/explorer</code> builds it, and so does <code>npm start</code>.
<p>Everything else works: <a href="/apidocs/">API</a>, <a href="/get_chain">chain</a>, <a href="/validate_chain">validation</a>.
</html>
`;

/** `folder` is the build; where it is missing, a short page says how it is made. */
export async function explorerRoutes(app: FastifyInstance, { folder }: { folder: string }): Promise<void> {
  await app.register(async (scope) => {
    scope.addHook('onSend', async (_request, reply) => {
      reply.header('content-security-policy', CONTENT_SECURITY_POLICY);
    });
    // Read for each request: a build beside a running receiver names other assets.
    scope.get('/', { schema: { hide: true } }, async (_request, reply) => {
      const page = await pageOf(folder);
      return page === undefined ? asPage(reply.code(404), NOT_BUILT) : asPage(reply, page);
    });
    await scope.register(fastifyStatic, {
      root: join(folder, 'assets'),
      prefix: '/assets/',
      decorateReply: false,
      index: false,
      immutable: true,
      maxAge: ASSET_MAX_AGE_MS,
      dotfiles: 'ignore',
      // The page says it where the build is missing.
      suppressWarning: true,
    });
  });
}

function asPage(reply: FastifyReply, page: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(page);
}

async function pageOf(folder: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder, 'index.html'), 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
