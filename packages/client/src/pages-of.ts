// A list, page by page, along Link rel="next". Source: RFC 8288.

import { type Asked, answerOf, whole } from './answer-of.ts';
import { ExchangeError } from './exchange-error.ts';

/** To be spread into the request of each page: nothing for the first, the query of the Link for the others. */
export interface NextPage {
  readonly querySerializer?: () => string;
}

/**
 * The pages that `ask` brings, until one names no next page:
 * `pagesOf((next) => client.GET('/v1/readings', { params: { query: { device } }, ...next }))`.
 * Rejects with what the client rejects with, and with ExchangeError `answer-malformed` for a page that names itself as the next.
 */
export async function* pagesOf<Page>(
  ask: (next: NextPage) => Promise<Asked<Page>>,
): AsyncGenerator<NonNullable<Page>, void> {
  for (let query: string | undefined, isLast = false; !isLast; ) {
    const asked = await whole(ask(query === undefined ? {} : { querySerializer: serializerOf(query) }));
    yield await answerOf(Promise.resolve(asked));
    const next = nextQueryOf(asked.response.headers.get('link'));
    if (next !== undefined && next === query) {
      throw new ExchangeError('answer-malformed', 'the receiver names a page as the next of itself');
    }
    isLast = next === undefined;
    query = next;
  }
}

function serializerOf(query: string): () => string {
  return () => query;
}

/** The query of the next page. Its path is that of this page, under whatever address the receiver is reached. */
function nextQueryOf(link: string | null): string | undefined {
  const [, target] = /<([^>]*)>\s*;\s*rel="?next"?(?:[;,\s]|$)/i.exec(link ?? '') ?? [];
  return target === undefined ? undefined : new URL(target, 'http://receiver.invalid').search.slice(1);
}
