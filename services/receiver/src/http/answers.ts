// How a route tells the OpenAPI document what it answers: a body with its headers, and its errors by code, each with an example. Nothing
// here makes an answer; openapi-document.ts writes down what these say.

import { z } from 'zod';
import { type AnswerCode, meaningOf, problemBody } from './error-table.ts';
import { plainError } from './plain-error.ts';
import { problem } from './problem.ts';

/** A response header as a JSON schema. */
type Header = Readonly<{ type: 'string' | 'integer'; description: string; examples?: readonly unknown[] }>;
type Headers = Readonly<Record<string, Header>>;

/** An error code, and the sentence that its example says. */
type Refusal = readonly [code: AnswerCode, sentence: string];
type Fault = Readonly<{ status: number; code: AnswerCode; detail: string }>;

export const ETAG: Headers = {
  etag: { type: 'string', description: 'With it as If-None-Match, the same answer is a 304 without a body.' },
};
export const LINK_NEXT: Headers = {
  link: { type: 'string', description: '`<…>; rel="next"` (RFC 8288), while there may be more: the next page.' },
};
const RETRY_AFTER: Headers = {
  'retry-after': { type: 'integer', description: 'Seconds after which it may succeed.', examples: [1] },
};
const CHALLENGE: Headers = {
  'www-authenticate': { type: 'string', description: 'The scheme of the token (RFC 6750).', examples: ['Bearer'] },
};

/** What a route that asks the database may say. */
export const DATABASE_AWAY: Refusal = ['database-unavailable', 'the database is away; ask again soon'];

/** What a route that speaks of the published checkpoint may say, with WITNESS_POLICY. */
export const NOT_COSIGNED: Refusal = ['not-cosigned', 'no checkpoint has enough cosignatures yet; ask again later'];

/** An answer in JSON. */
export function jsonAnswer<Schema extends z.ZodType>(schema: Schema, said: { description: string; headers?: Headers }) {
  return { ...said, content: { 'application/json': { schema } } };
}

/** To be spread into the `response` of a route with an ETag (conditional-get.ts). */
export const NOT_MODIFIED: object = { 304: z.null().describe('What the ETag names is the answer still.') };

/** Errors as problem+json, to be spread into a route's `response`. Every route may fail with `internal`. */
export function problems(...refusals: Refusal[]): object {
  return errorAnswers(refusals, { contentType: 'application/problem+json', schema: problem, body: problemBody });
}

/** Errors as liotbchain's paths give them. */
export function plainErrors(...refusals: Refusal[]): object {
  const body = ({ code, detail }: Fault) => ({
    status: 'error',
    message: detail,
    errors: [{ position: null, code, message: detail }],
  });
  return errorAnswers(refusals, { contentType: 'application/json', schema: plainError, body });
}

function errorAnswers(
  refusals: readonly Refusal[],
  as: { contentType: string; schema: z.ZodType; body: (fault: Fault) => object },
): object {
  const internal: Refusal = ['internal', 'internal error'];
  const faults = [...refusals, internal].map(([code, detail]) => ({ code, detail, ...meaningOf(code) }));
  const statuses = [...new Set(faults.map(({ status }) => status))];
  const answers = statuses.map((status) => {
    const own = faults.filter((fault) => fault.status === status);
    const answer = {
      description: `Code ${own.map(({ code }) => `\`${code}\``).join(' or ')}.`,
      ...(own.some(({ isRetryable }) => isRetryable) && { headers: RETRY_AFTER }),
      ...(status === 401 && { headers: CHALLENGE }),
      content: {
        [as.contentType]: {
          schema: as.schema,
          examples: Object.fromEntries(own.map((fault) => [fault.code, { value: as.body(fault) }])),
        },
      },
    };
    return [status, answer];
  });
  return Object.fromEntries(answers);
}
