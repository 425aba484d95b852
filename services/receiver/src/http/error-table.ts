// What each error means to a caller: one table from code to HTTP status, and the two shapes that answers take. The plain face of the service
// (liotbchain's paths) says {status, message, errors}; everything else says problem+json (RFC 9457). A 5xx reveals nothing of the inside.

import { STATUS_CODES } from 'node:http';
import { isUnavailable } from '@telltale/database';
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type ItemFault, ReceiverError, type ReceiverErrorCode } from '../errors.ts';

/** rejected: the caller's fault. retryable: the same request may succeed soon. fatal: not for a caller to mend. */
interface Meaning {
  readonly status: number;
  readonly kind: 'rejected' | 'retryable' | 'fatal';
}

/** Those of ReceiverError, and what else an answer may say. */
export type AnswerCode =
  | ReceiverErrorCode
  | 'body-too-large'
  | 'content-type-unsupported'
  | 'database-unavailable'
  | 'internal'
  | 'not-found';

const MEANINGS: Record<AnswerCode, Meaning> = {
  'body-malformed': { status: 400, kind: 'rejected' },
  'envelopes-refused': { status: 400, kind: 'rejected' },
  'envelope-too-large': { status: 413, kind: 'rejected' },
  'envelopes-forbidden': { status: 403, kind: 'rejected' },
  'enrolment-refused': { status: 403, kind: 'rejected' },
  'enrolment-conflict': { status: 409, kind: 'rejected' },
  'not-authorized': { status: 401, kind: 'rejected' },
  'key-not-found': { status: 404, kind: 'rejected' },
  'reading-not-found': { status: 404, kind: 'rejected' },
  'block-not-found': { status: 404, kind: 'rejected' },
  'tile-not-found': { status: 404, kind: 'rejected' },
  pending: { status: 409, kind: 'rejected' },
  'device-not-found': { status: 404, kind: 'rejected' },
  'request-invalid': { status: 400, kind: 'rejected' },
  'too-many-envelopes': { status: 413, kind: 'rejected' },
  'checkpoint-malformed': { status: 400, kind: 'rejected' },
  'checkpoint-untrusted': { status: 403, kind: 'rejected' },
  'checkpoint-inconsistent': { status: 422, kind: 'rejected' },
  'log-unknown': { status: 404, kind: 'rejected' },
  'not-cosigned': { status: 503, kind: 'retryable' },
  overloaded: { status: 503, kind: 'retryable' },
  'check-failed': { status: 503, kind: 'retryable' },
  'not-stored': { status: 503, kind: 'retryable' },
  stopping: { status: 503, kind: 'retryable' },
  'ledger-mismatch': { status: 500, kind: 'fatal' },
  'ledger-key': { status: 500, kind: 'fatal' },
  'ledger-busy': { status: 500, kind: 'fatal' },
  'ledger-not-empty': { status: 500, kind: 'fatal' },
  'export-unreadable': { status: 500, kind: 'fatal' },
  'witness-key': { status: 500, kind: 'fatal' },
  'difficulty-fell': { status: 500, kind: 'fatal' },
  'head-moved': { status: 503, kind: 'retryable' },
  'edge-mismatch': { status: 500, kind: 'fatal' },
  'plugin-failed': { status: 500, kind: 'fatal' },
  'mqtt-ca': { status: 500, kind: 'fatal' },
  'quorum-unavailable': { status: 400, kind: 'rejected' },
  'not-replicated': { status: 503, kind: 'retryable' },
  'body-too-large': { status: 413, kind: 'rejected' },
  'content-type-unsupported': { status: 415, kind: 'rejected' },
  'database-unavailable': { status: 503, kind: 'retryable' },
  internal: { status: 500, kind: 'fatal' },
  'not-found': { status: 404, kind: 'rejected' },
};

/** Fastify's own refusals, by codes that outlive it. Others of it keep their names. */
const FASTIFY_CODES: Readonly<Record<string, AnswerCode>> = {
  FST_ERR_VALIDATION: 'request-invalid',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'content-type-unsupported',
};

/** Seconds in Retry-After. A guess: sealing and the database recover within it, and a sender adds its own jitter. */
const RETRY_AFTER_S = 1;

/** Paths with liotbchain's answers. */
const PLAIN_PATHS = new Set(['/receive_data', '/get_chain', '/validate_chain']);

interface Answer extends Meaning {
  readonly code: string;
  readonly message: string;
  readonly faults: readonly ItemFault[];
}

/** What a code means to a caller. */
export function meaningOf(code: AnswerCode): Readonly<{ status: number; isRetryable: boolean }> {
  const { status, kind } = MEANINGS[code];
  return { status, isRetryable: kind === 'retryable' };
}

/** The JSON of a problem. RFC 9457 section 4.2.1: with `about:blank` the title is the status in words; `detail` says what is wrong here. */
export function problemBody(fault: { status: number; code: string; detail: string }) {
  const { status, detail, code } = fault;
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, code };
}

/** The only error handler of the service. */
export function handleError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const answer = answerOf(error);
  if (answer.status >= 500) logFailure(request.log, error, answer);
  return send(request, reply, answer);
}

/** The answer to a path that is not there. */
export function handleNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const message = `there is no ${request.method} ${request.url.split('?')[0]}`;
  return send(request, reply, { ...MEANINGS['not-found'], code: 'not-found', message, faults: [] });
}

function send(request: FastifyRequest, reply: FastifyReply, answer: Answer): FastifyReply {
  const { status, kind, code, message } = answer;
  if (kind === 'retryable') reply.header('retry-after', RETRY_AFTER_S);
  // RFC 9110 section 11.6.1: a 401 names its scheme.
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  if (PLAIN_PATHS.has(request.routeOptions.url ?? '')) {
    return reply.code(status).send(plainBody(answer));
  }
  const body = problemBody({ status, code, detail: message });
  return reply.code(status).type('application/problem+json').send(JSON.stringify(body));
}

/** The plain answer to an error where no request of HTTP is at hand: its status, its JSON, and what it means. */
export function plainAnswer(error: Error) {
  const answer = answerOf(error);
  const { status, kind, code } = answer;
  return { status, kind, code, body: plainBody(answer) };
}

function plainBody({ message, faults }: Answer) {
  return { status: 'error', message, errors: faults };
}

function answerOf(error: Error & Partial<Pick<FastifyError, 'statusCode' | 'code'>>): Answer {
  if (error instanceof ReceiverError) {
    const { code, faults } = error;
    const meaning = MEANINGS[code];
    const message = meaning.kind === 'fatal' ? 'the receiver cannot do this now; its log says why' : error.message;
    return { ...meaning, code, message, faults };
  }
  // Fastify's own refusals: a body over its limit, a wrong content type, a query that does not fit its schema.
  if (error.statusCode !== undefined && error.statusCode < 500) {
    const { statusCode: status } = error;
    const code = FASTIFY_CODES[error.code ?? 'FST_ERR_VALIDATION'] ?? error.code ?? 'request-invalid';
    // Fastify says no more than the status in words.
    const message = code === 'content-type-unsupported' ? 'the body goes as application/json' : error.message;
    return { status, kind: 'rejected', code, message, faults: [{ position: null, code, message }] };
  }
  if (isUnavailable(error)) {
    const message = 'the database is away; ask again soon';
    return { ...MEANINGS['database-unavailable'], code: 'database-unavailable', message, faults: [] };
  }
  return { ...MEANINGS.internal, code: 'internal', message: 'internal error', faults: [] };
}

function logFailure(log: FastifyBaseLogger, error: Error, answer: Answer): void {
  if (answer.kind === 'retryable') log.warn({ err: error, code: answer.code }, 'request refused for now');
  else log.error({ err: error, code: answer.code }, 'request failed');
}
