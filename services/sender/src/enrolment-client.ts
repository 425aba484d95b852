// The receiver's /v1 as enrolment needs it: what its ledger is called, what it says of a key, a nonce, and the enrolment itself. It decides
// nothing: enrolment.ts does. Errors there are RFC 9457 problem+json with a literal `code`. Of @telltale/client the types alone: its fetch
// would cost a sender more memory than all of this.

import type { paths } from '@telltale/client';
import { type KeyId, toBase64, toHex } from '@telltale/ledger';
import { z } from 'zod';
import { retryAfterMs } from './backoff.ts';
import { type Exchange, exchange, REASON_LIMIT, resourceUrl } from './receiver-http.ts';

/** What became of one request. Reasons are for people; the token never stands in one. */
export type Step<Value> =
  | { kind: 'done'; value: Value }
  /** The receiver said no, in its own words: trying again helps only once somebody has changed something. */
  | { kind: 'refused'; reason: string }
  /** Nothing is known: try again. */
  | { kind: 'later'; reason: string; retryAfterMs: number | undefined };

/** What the receiver's registry says of a key. */
export type KnownKey = Readonly<{ devices: ReadonlySet<string>; isRevoked: boolean }>;

type EnrolmentRequest = Readonly<{
  spki: Uint8Array;
  devices: readonly string[];
  /** Hexadecimal, from `fetchNonce`. */
  nonce: string;
  possession: Uint8Array;
}>;

export type EnrolmentClient = Readonly<{
  /** The ledger's origin; undefined when this receiver does not tell it. */
  fetchOrigin: (signal: AbortSignal) => Promise<Step<string | undefined>>;
  /** Undefined: no leaf enrols the key. */
  findKey: (keyId: KeyId, signal: AbortSignal) => Promise<Step<KnownKey | undefined>>;
  fetchNonce: (signal: AbortSignal) => Promise<Step<string>>;
  enrol: (request: EnrolmentRequest, signal: AbortSignal) => Promise<Step<{ leafIndex: number }>>;
}>;

/** A receiver's origin: one C2SP name. It becomes a line of what the key signs, so nothing in it may end a line. */
const ledgerBody = z.object({ origin: z.string().regex(/^[^\s+\p{Cc}]{1,255}$/u) });
const keyBody = z.object({
  devices: z.array(z.object({ device: z.string() })),
  revoked_leaf: z.number().nullable(),
});
const nonceBody = z.object({ nonce: z.string().regex(/^[0-9a-f]{64}$/) });
const enrolledBody = z.object({ leaf_index: z.int().nonnegative() });
/** Receivers before `detail` said it in `title`. */
const problemBody = z
  .object({ title: z.string(), detail: z.string().optional(), code: z.string() })
  .transform(({ title, detail, code }) => ({ reason: detail ?? title, code }));

/** A path of the API, and the body of an enrolment, as the receiver's OpenAPI document has them. */
type Path = keyof paths;
type EnrolmentBody = paths['/v1/keys']['post']['requestBody']['content']['application/json'];

/** A request that may be sent again as it is, though its status is a 4xx: RFC 9110 15.5.9, RFC 6585 4. */
const PASSING_STATUSES: readonly number[] = [408, 429];

/** @param options.timeoutMs for each exchange, answer included */
export function createEnrolmentClient(options: {
  receiverUrl: string;
  token: string;
  timeoutMs: number;
  nowMs: () => number;
}): EnrolmentClient {
  const { receiverUrl, token, timeoutMs } = options;
  // A receiver, or a proxy before it, may repeat what it was sent.
  const withoutToken = (words: string) => words.replaceAll(token, '…').slice(0, REASON_LIMIT);

  async function ask<Value>(request: {
    path: Path;
    /** Put in the place of {key_id}. */
    keyId?: string;
    body?: EnrolmentBody | null;
    signal: AbortSignal;
    /** Undefined: the answer is none that the caller expects. */
    read: (answer: { status: number; json: unknown }) => { value: Value } | undefined;
  }): Promise<Step<Value>> {
    const { signal, keyId = '' } = request;
    const path = request.path.slice(1).replace('{key_id}', keyId);
    const body = request.body === undefined || request.body === null ? request.body : JSON.stringify(request.body);
    const answer = await exchange({ url: resourceUrl(receiverUrl, path), body, timeoutMs, signal });
    if (answer.kind === 'unreachable') return { ...answer, kind: 'later', retryAfterMs: undefined };
    const read = request.read(answer);
    return read === undefined ? failureOf(answer, path) : { kind: 'done', value: read.value };
  }

  function failureOf(answer: Extract<Exchange, { kind: 'answered' }>, path: string): Step<never> {
    const { status } = answer;
    const problem = problemBody.safeParse(answer.json);
    const isRefusal = status >= 400 && status < 500 && !PASSING_STATUSES.includes(status);
    // Only the receiver's own words are a refusal: any web server says 403 or 404 to what it does not know.
    if (isRefusal && problem.success) return { kind: 'refused', reason: withoutToken(problem.data.reason) };
    const words = problem.success ? `: ${withoutToken(problem.data.reason)}` : '';
    const reason = `the receiver answered ${status} to /${path}${words}`;
    return { kind: 'later', reason, retryAfterMs: retryAfterMs(answer.retryAfter, options.nowMs()) };
  }

  return {
    fetchOrigin: (signal) =>
      ask({
        path: '/v1/ledger',
        signal,
        read: ({ status, json }) => {
          if (status === 404) return { value: undefined };
          const body = ledgerBody.safeParse(json);
          return status === 200 && body.success ? { value: body.data.origin } : undefined;
        },
      }),
    findKey: (keyId, signal) =>
      ask<KnownKey | undefined>({
        path: '/v1/keys/{key_id}',
        keyId: toHex(keyId),
        signal,
        read: ({ status, json }) => {
          if (status === 404 && problemBody.safeParse(json).data?.code === 'key-not-found') return { value: undefined };
          const body = keyBody.safeParse(json);
          if (status !== 200 || !body.success) return undefined;
          const devices = new Set(body.data.devices.map(({ device }) => device));
          return { value: { devices, isRevoked: body.data.revoked_leaf !== null } };
        },
      }),
    fetchNonce: (signal) =>
      ask({
        path: '/v1/keys/nonce',
        body: null,
        signal,
        read: ({ status, json }) => {
          const body = nonceBody.safeParse(json);
          return status === 201 && body.success ? { value: body.data.nonce } : undefined;
        },
      }),
    enrol: ({ spki, devices, nonce, possession }, signal) =>
      ask({
        path: '/v1/keys',
        body: { token, public_key: toBase64(spki), devices: [...devices], nonce, possession: toBase64(possession) },
        signal,
        read: ({ status, json }) => {
          const body = enrolledBody.safeParse(json);
          return status === 201 && body.success ? { value: { leafIndex: body.data.leaf_index } } : undefined;
        },
      }),
  };
}
