// ETag and If-None-Match for answers that are in memory: whoever has the answer already gets a 304. Source: RFC 9110 sections 8.8.3 and 13.1.2.
// It saves the line, not the look-up: the tag is made of the answer's bytes, so it is right whatever they were made of. Streams have none.

import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Characters of the tag: 128 bits of SHA-256, which nobody makes collide by chance. */
const TAG_CHARACTERS = 22;

/** The `onSend` of a GET route. The tag is strong: equal tags are equal bytes. */
export async function conditionalGet(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (reply.statusCode !== 200 || !(typeof payload === 'string' || payload instanceof Uint8Array)) return payload;
  const etag = `"${createHash('sha256').update(payload).digest('base64url').slice(0, TAG_CHARACTERS)}"`;
  reply.header('etag', etag);
  // Without a word a cache may guess how long an answer stays the newest.
  if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-cache');
  if (!isNamedBy(request.headers['if-none-match'], etag)) return payload;
  reply.code(304).removeHeader('content-type').removeHeader('content-length');
  return '';
}

/** Weak comparison, as If-None-Match wants it. */
function isNamedBy(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.split(',').some((item) => item.trim() === '*' || item.trim().replace(/^W\//, '') === etag);
}
