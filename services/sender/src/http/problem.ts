// RFC 9457 problem+json, the error shape of everything under /v1. The ancestor's routes keep {"status":"error","message"}.

import { STATUS_CODES } from 'node:http';
import type { FastifyReply } from 'fastify';

export function isProblemRoute(url: string): boolean {
  return url.startsWith('/v1/');
}

export function problem(reply: FastifyReply, fault: { status: number; detail: string }): FastifyReply {
  const body = { type: 'about:blank', title: STATUS_CODES[fault.status] ?? 'Error', ...fault };
  // Serialised here: the body has one shape on every route, whatever the route's own schema says.
  return reply.code(fault.status).type('application/problem+json').serializer(JSON.stringify).send(body);
}
