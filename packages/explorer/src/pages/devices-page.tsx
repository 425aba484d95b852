// All devices, a page of them at a time.

import { useState } from 'preact/hooks';
import { getDevices } from '../api/devices.ts';
import { Awaited } from '../parts/awaited.tsx';
import { DeviceList } from '../parts/device-list.tsx';
import { Page } from '../parts/page.tsx';
import { useAnswer } from '../use-answer.ts';

const PAGE_DEVICES = 100;

export function DevicesPage({ newestBlock }: { newestBlock: number }) {
  const [after, setAfter] = useState<string>();
  const devices = useAnswer((signal) => getDevices({ after, limit: PAGE_DEVICES + 1 }, signal), {
    subject: `devices after ${after}`,
    keys: [newestBlock],
  });
  return (
    <Page title="Devices">
      <Awaited answer={devices}>
        {(shown) => {
          const last = shown.slice(0, PAGE_DEVICES).at(-1);
          return (
            <>
              <DeviceList devices={shown.slice(0, PAGE_DEVICES)} />
              <p class="pager">
                {after !== undefined && (
                  <button type="button" onClick={() => setAfter(undefined)}>
                    First page
                  </button>
                )}
                {shown.length > PAGE_DEVICES && (
                  <button type="button" onClick={() => setAfter(last?.device)}>
                    Next page
                  </button>
                )}
              </p>
            </>
          );
        }}
      </Awaited>
    </Page>
  );
}
