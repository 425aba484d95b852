// The frame around every page: header, navigation, search, and the page that the address names.

import { useEffect, useState } from 'preact/hooks';
import { getLedger, type LedgerAnswer } from './api/ledger.ts';
import { BlockPage } from './pages/block-page.tsx';
import { DevicePage } from './pages/device-page.tsx';
import { DevicesPage } from './pages/devices-page.tsx';
import { OverviewPage } from './pages/overview-page.tsx';
import { ReadingPage } from './pages/reading-page.tsx';
import { RingPage } from './pages/ring-page.tsx';
import { SearchPage } from './pages/search-page.tsx';
import { VerifyPage } from './pages/verify-page.tsx';
import { Awaited } from './parts/awaited.tsx';
import { Header } from './parts/header.tsx';
import { Page } from './parts/page.tsx';
import { hrefOf, parseRoute, type Route } from './route.ts';
import { useAnswer } from './use-answer.ts';
import { type LiveBlocks, useLiveBlocks } from './use-live-blocks.ts';

export function App() {
  const route = useRoute();
  const live = useLiveBlocks();
  const ledger = useAnswer(getLedger, { subject: 'ledger', keys: [live.returns] });
  const hasRing = ledger.kind === 'ready' && ledger.value.plugins.includes('peering');
  return (
    <>
      <Header route={route} state={live.state} hasRing={hasRing} />
      <main id="main">
        <Awaited answer={ledger}>{(known) => <PageOf route={route} live={live} ledger={known} />}</Awaited>
      </main>
      <footer>
        <p>
          Everything here comes from this receiver alone. <a href="/apidocs/">API</a> ·{' '}
          <a href="/checkpoint">checkpoint</a> · <a href="/v1/export">export</a>
        </p>
      </footer>
    </>
  );
}

function PageOf({ route, live, ledger }: { route: Route; live: LiveBlocks; ledger: LedgerAnswer }) {
  const newest = live.blocks[0]?.block_index ?? ledger.head.index;
  switch (route.kind) {
    case 'overview':
      return <OverviewPage live={live} ledger={ledger} />;
    case 'devices':
      return <DevicesPage newestBlock={newest} />;
    case 'device':
      return <DevicePage key={route.device} device={route.device} newestBlock={newest} />;
    case 'block':
      return <BlockPage key={route.block} asked={route.block} ledger={ledger} newestBlock={newest} />;
    case 'reading':
      return <ReadingPage transactionId={route.transactionId} ledger={ledger} newestBlock={newest} />;
    case 'search':
      return <SearchPage key={route.query} query={route.query} />;
    case 'verify':
      return <VerifyPage ledger={ledger} />;
    case 'ring':
      return <RingPage newestBlock={newest} />;
    case 'unknown':
      return (
        <Page title="No such page">
          <p>
            This address names nothing here. <a href={hrefOf({ kind: 'overview' })}>Overview</a>
          </p>
        </Page>
      );
    default:
      return route satisfies never;
  }
}

function useRoute(): Route {
  const [fragment, setFragment] = useState(location.hash);
  useEffect(() => {
    const follow = () => {
      setFragment(location.hash);
      scrollTo(0, 0);
    };
    addEventListener('hashchange', follow);
    return () => removeEventListener('hashchange', follow);
  }, []);
  return parseRoute(fragment);
}
