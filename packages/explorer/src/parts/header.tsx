// The header of every page: where one is, whether the page is live, and the search.

import { hrefOf, type Route } from '../route.ts';
import type { FollowState } from '../use-live-blocks.ts';

const STATES: Record<FollowState, string> = { connecting: 'connecting …', live: 'live', away: 'not reachable' };

export function Header({ route, state, hasRing }: { route: Route; state: FollowState; hasRing: boolean }) {
  const pages = [
    { name: 'Overview', route: { kind: 'overview' } as const },
    { name: 'Devices', route: { kind: 'devices' } as const },
    { name: 'Verify', route: { kind: 'verify' } as const },
    ...(hasRing ? [{ name: 'Ring', route: { kind: 'ring' } as const }] : []),
  ];
  return (
    <header>
      <button type="button" class="skip" onClick={() => document.querySelector('h1')?.focus()}>
        Skip to content
      </button>
      <div class="bar">
        <a class="brand" href={hrefOf({ kind: 'overview' })}>
          Telltale
        </a>
        <nav aria-label="Pages">
          {pages.map(({ name, route: page }) => (
            <a key={name} class="page" href={hrefOf(page)} aria-current={page.kind === route.kind ? 'page' : undefined}>
              {name}
            </a>
          ))}
        </nav>
        <p class={`state ${state}`} role="status">
          {STATES[state]}
        </p>
        <search>
          <SearchForm query={route.kind === 'search' ? route.query : ''} />
        </search>
      </div>
    </header>
  );
}

function SearchForm({ query }: { query: string }) {
  return (
    <form
      key={query}
      onSubmit={(event) => {
        event.preventDefault();
        const asked = String(new FormData(event.currentTarget).get('q') ?? '').trim();
        if (asked !== '') location.hash = hrefOf({ kind: 'search', query: asked });
      }}
    >
      <label class="unseen" for="search">
        Transaction id, hash, device or index
      </label>
      <input
        id="search"
        name="q"
        type="search"
        defaultValue={query}
        placeholder="Id, hash, device or index"
        autocomplete="off"
        spellcheck={false}
      />
      <button type="submit">Search</button>
    </form>
  );
}
