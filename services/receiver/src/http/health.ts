// GET /healthz: the process answers. What it depends on is not asked.

import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';

export function healthRoute(app: FastifyInstance): void {
  const schema = {
    summary: 'Whether the process answers',
    tags: ['Operation'],
    response: { 200: z.object({ status: z.literal('ok') }) },
  };
  app.withTypeProvider<ZodTypeProvider>().get('/healthz', { schema }, () => ({ status: 'ok' as const }));
}
