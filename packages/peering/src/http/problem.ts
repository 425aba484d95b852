// Errors of the ring's routes, as the receiver's /v1 has them (RFC 9457). What a route throws with a status below 500, the receiver answers so
// itself; what may succeed soon is answered here, because a plugin's 5xx would say nothing.

import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import type { Absent } from '../lane/lane-reader.ts';

/** The error answer, in the OpenAPI document. */
export const problem = z.object({
  type: z.string(),
  title: z.string().describe('The status in words.'),
  status: z.number(),
  detail: z.string().describe('What is wrong here and what helps, for people.'),
  code: z.string().describe('Stable, for programs.'),
});

/** Seconds in Retry-After. A guess: a ring needs a few seconds, some rounds of stabilisation, to see that a node has gone. */
const RETRY_AFTER_S = 5;

/** Answers with a problem. It is sent rather than thrown: a ring that cannot be asked is not a fault of the plugin. */
export function sendProblem(
  reply: FastifyReply,
  { status, code, detail }: Pick<z.infer<typeof problem>, 'status' | 'code' | 'detail'>,
): FastifyReply {
  if (status === 503) reply.header('retry-after', RETRY_AFTER_S);
  const title = STATUS_CODES[status] ?? 'Error';
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .serializer((data: unknown) => JSON.stringify(data))
    .send({ type: 'about:blank', title, status, detail, code });
}

/** `missing`: 404. `unavailable`: 503, worth another try. */
export function sendAbsent(reply: FastifyReply, absent: Absent, missing: string): FastifyReply {
  if (absent === 'missing') return sendProblem(reply, { status: 404, code: 'not-in-ring', detail: missing });
  const detail = 'too few receivers of the ring can be asked now; ask again soon';
  return sendProblem(reply, { status: 503, code: 'ring-unavailable', detail });
}
