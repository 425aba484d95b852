// The guard of what strangers must not do: a bearer token (RFC 6750), compared in a time that tells nothing of it.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendFault } from './object-fault.ts';

/** A hook that answers 401 to whoever does not carry the token. Undefined: everybody may. */
export function requireToken(token: string | undefined) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    if (token === undefined) return undefined;
    const [, given] = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '') ?? [];
    if (given !== undefined && timingSafeEqual(hashed(given), hashed(token))) return undefined;
    return sendFault(reply, {
      code: 'not-authorized',
      message: 'this needs the token of the ring as a bearer token',
    });
  };
}

function hashed(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
