// Errors of the ring's routes, as the receiver's /v1 has them (RFC 9457). What a route throws with a status below 500, the receiver answers so
// itself; what may succeed soon is answered here, because a plugin's 5xx would say nothing.

import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Absent } from '../lane/lane-reader.ts';

/** The error answer, in the OpenAPI document. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string().describe('Stable, for programs.'),
});

/** Seconds in Retry-After. A guess: a few rounds of stabilisation. */
const RETRY_AFTER_S = 3;

/** `missing`: 404. `unavailable`: 503, worth another try. */
export function sendAbsent(reply: FastifyReply, absent: Absent, missing: string): FastifyReply {
  if (absent === 'missing') return send(reply, { status: 404, code: 'not-in-ring', title: missing });
  reply.header('retry-after', RETRY_AFTER_S);
  const title = 'too few receivers of the ring can be asked now; ask again soon';
  return send(reply, { status: 503, code: 'ring-unavailable', title });
}

function send(reply: FastifyReply, { status, code, title }: Omit<z.infer<typeof problem>, 'type'>): FastifyReply {
  const json = JSON.stringify({ type: 'about:blank', title, status, code });
  return reply.code(status).type('application/problem+json').send(json);
}
