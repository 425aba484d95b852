// Why something with an object did not work, and how that is answered over HTTP: RFC 9457, as everything under /v1.

import type { Refusal } from '@telltale/ledger';
import type { FastifyReply } from 'fastify';

const STATUS = {
  'object-empty': 400,
  'object-too-large': 413,
  'object-key': 400,
  'object-not-found': 404,
  'object-not-stored': 503,
  'ring-unavailable': 503,
  overloaded: 503,
  'not-authorized': 401,
  'channel-not-found': 404,
  'upgrade-required': 426,
} as const;

export type ObjectCode = keyof typeof STATUS;

/** Seconds in Retry-After. A guess: a ring needs a few seconds to see that a node has gone. */
const RETRY_AFTER_S = 5;

/** Answers with a problem. It is sent rather than thrown: a ring that cannot be asked is not a fault of the plugin. */
export function sendProblem(reply: FastifyReply, { code, message }: Pick<Refusal<ObjectCode>, 'code' | 'message'>) {
  const status = STATUS[code];
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (status === 426) reply.header('upgrade', 'websocket').header('connection', 'upgrade');
  if (status === 503) reply.header('retry-after', RETRY_AFTER_S);
  const body = { type: 'about:blank', title: message, status, code };
  return reply
    .code(status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .serializer((data: unknown) => JSON.stringify(data))
    .send(body);
}
