// The first page: which ledger this is, its newest blocks as they are sealed, its devices.

import { getDevices } from '../api/devices.ts';
import type { LedgerAnswer } from '../api/ledger.ts';
import { Awaited } from '../parts/awaited.tsx';
import { BlockList } from '../parts/block-list.tsx';
import { DeviceList } from '../parts/device-list.tsx';
import { Facts } from '../parts/facts.tsx';
import { Hash } from '../parts/hash.tsx';
import { Page } from '../parts/page.tsx';
import { Time } from '../parts/time.tsx';
import { hrefOf } from '../route.ts';
import { useAnswer } from '../use-answer.ts';
import type { LiveBlocks } from '../use-live-blocks.ts';

/** Devices of the overview. A guess; the page of all devices has the rest. */
const SHOWN_DEVICES = 8;

export function OverviewPage({ live, ledger }: { live: LiveBlocks; ledger: LedgerAnswer }) {
  const head = live.blocks[0];
  const devices = useAnswer((signal) => getDevices({ limit: SHOWN_DEVICES + 1 }, signal), {
    subject: 'devices',
    keys: [head?.block_index],
  });
  return (
    <Page title="Overview">
      <p class="lead">
        Readings, signed where they were measured, sealed here into mined and hash-chained blocks.{' '}
        <a href={hrefOf({ kind: 'verify' })}>Verify all of it in this browser</a>
      </p>
      <section class="tiles" aria-label="Where the ledger stands">
        <Figure name="blocks" value={(head?.block_index ?? ledger.head.index) + 1} />
        <Figure name="leaves" value={head?.log_size ?? ledger.head.log_size} />
        <div class="tile">
          <span class="tile-name">newest block</span>
          <span class="tile-text">
            <Time us={head?.sealed_at ?? ledger.head.timestamp} />
          </span>
        </div>
      </section>
      <section>
        <h2>Blocks</h2>
        <BlockList blocks={live.blocks} />
      </section>
      <section>
        <h2>Devices</h2>
        <Awaited answer={devices}>
          {(shown) => (
            <>
              <DeviceList devices={shown.slice(0, SHOWN_DEVICES)} />
              {shown.length > SHOWN_DEVICES && (
                <p>
                  <a href={hrefOf({ kind: 'devices' })}>All devices</a>
                </p>
              )}
            </>
          )}
        </Awaited>
      </section>
      <section>
        <h2>This ledger</h2>
        <Facts
          facts={[
            { name: 'Name', value: ledger.origin },
            { name: 'Verifier key', value: <Hash hex={ledger.verifier_key} isWhole /> },
            {
              name: 'Keys',
              value:
                ledger.mode === 'strict'
                  ? 'strict: only enrolled keys may speak'
                  : 'open: a new key is recorded at its first use',
            },
          ]}
        />
      </section>
    </Page>
  );
}

function Figure({ name, value }: { name: string; value: number }) {
  return (
    <div class="tile">
      <span class="tile-name">{name}</span>
      <span class="tile-value">{value.toLocaleString()}</span>
    </div>
  );
}
