// The public face of @telltale/client: a typed client of the receiver's HTTP API, and the exchange beneath it for what goes as bytes.

export { type Asked, answerOf } from './answer-of.ts';
export { type BoundedFetch, boundedFetch, type ExchangeBounds } from './bounded-fetch.ts';
export { type ClientOptions, createClient, type ReceiverClient } from './client.ts';
export { ExchangeError, type ExchangeErrorCode } from './exchange-error.ts';
export { type NextPage, pagesOf } from './pages-of.ts';
export { ProblemError } from './problem-error.ts';
export type { components, paths } from './schema.ts';
