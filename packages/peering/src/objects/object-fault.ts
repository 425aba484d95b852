// Why something with an object did not work, and how that is answered over HTTP: RFC 9457, as everything under /v1.

import type { Refusal } from '@telltale/ledger';
import type { FastifyReply } from 'fastify';
import { sendProblem } from '../http/problem.ts';

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

/** Answers with the problem that a refusal is. */
export function sendFault(reply: FastifyReply, { code, message }: Pick<Refusal<ObjectCode>, 'code' | 'message'>) {
  const status = STATUS[code];
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (status === 426) reply.header('upgrade', 'websocket').header('connection', 'upgrade');
  return sendProblem(reply, { status, code, detail: message });
}
