// What somebody looks for, found: a transaction, a block, a leaf, a device or a key. One hit alone is opened at once.

import { useEffect } from 'preact/hooks';
import { Awaited } from '../parts/awaited.tsx';
import { Page } from '../parts/page.tsx';
import { hrefOf } from '../route.ts';
import { type Hit, search } from '../search.ts';
import { useAnswer } from '../use-answer.ts';

export function SearchPage({ query }: { query: string }) {
  const hits = useAnswer((signal) => search(query, signal), { subject: query });
  return (
    <Page title="Search">
      <Awaited answer={hits}>{(found) => <Hits query={query} hits={found} />}</Awaited>
    </Page>
  );
}

function Hits({ query, hits }: { query: string; hits: readonly Hit[] }) {
  const [only] = hits.length === 1 ? hits : [];
  useEffect(() => {
    // Instead of this page in the history: the way back leads to where the search began.
    if (only) location.replace(hrefOf(only.route));
  }, [only]);
  if (hits.length === 0) {
    return (
      <p class="notice">
        Nothing here is called <code>{query}</code>: it is no transaction id, block hash or key id of this ledger, no
        index and no part of a device’s name.
      </p>
    );
  }
  return (
    <ul class="rows">
      {hits.map(({ name, what, route }) => (
        <li key={`${what} ${name}`}>
          <a class="row-name" href={hrefOf(route)}>
            {name}
          </a>
          <span class="row-count">{what}</span>
        </li>
      ))}
    </ul>
  );
}
