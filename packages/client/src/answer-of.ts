// The body of an answer, of one type: an error was thrown by then.

import { ExchangeError } from './exchange-error.ts';

/** What the client's promise brings. */
export interface Asked<Body> {
  readonly data?: Body;
  readonly response: Response;
}

/**
 * The body that a request of the client brings. Rejects with what the client rejects with, and with ExchangeError `answer-malformed` where
 * there is no body, or no JSON where there should be.
 */
export async function answerOf<Body>(asked: Promise<Asked<Body>>): Promise<NonNullable<Body>> {
  const { data } = await whole(asked);
  if (data === undefined || data === null) throw new ExchangeError('answer-malformed', 'the receiver answered nothing');
  return data;
}

/** As it comes, but that a body of other than JSON is an ExchangeError. */
export async function whole<Body>(asked: Promise<Asked<Body>>): Promise<Asked<Body>> {
  try {
    return await asked;
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new ExchangeError('answer-malformed', 'the receiver did not answer in JSON', { cause });
  }
}
