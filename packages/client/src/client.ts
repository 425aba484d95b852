// The receiver's API with the paths, parameters and bodies of openapi.json: a wrong path is an error of the compiler. Thin over openapi-fetch.
// What an answer says is typed as the document has it, and not checked: whoever does not trust the receiver parses it.

import createFetchClient, { type Client } from 'openapi-fetch';
import { type BoundedFetch, boundedFetch, type ExchangeBounds } from './bounded-fetch.ts';
import { ProblemError } from './problem-error.ts';
import type { paths } from './schema.ts';

/** GET, POST and the others take a path of the API and what it needs. They reject with ProblemError or ExchangeError; `error` is never set. */
export type ReceiverClient = Client<paths>;

/** For small answers: `/v1/export` and `/get_chain` have no end that could be bounded, and are read with `fetch`. */
export interface ClientOptions extends ExchangeBounds {
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client of the receiver at `baseUrl`, with or without its last slash; a path in it stays in front of every path of the API. */
export function createClient(baseUrl: string, options: ClientOptions): ReceiverClient {
  const { headers = {}, ...bounds } = options;
  const client = createFetchClient<paths>({
    baseUrl: baseUrl.replace(/\/+$/, ''),
    headers,
    // Before the request is made: a request that could follow says so to nobody.
    redirect: 'error',
    fetch: throwingProblems(boundedFetch(bounds)),
  });
  return client;
}

function throwingProblems(exchange: BoundedFetch): (request: Request) => Promise<Response> {
  return async (request) => {
    const answer = await exchange(request);
    if (answer.status >= 400) throw new ProblemError({ url: request.url, answer, text: await answer.text() });
    return answer;
  };
}
