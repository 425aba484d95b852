// A real receiver with readings in it, and the pages of its explorer in a real browser, watched: every request and every complaint.

import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { mustAccept, type TestReceipt } from '../../services/receiver/src/testing/post-readings.ts';
import { type ReceiverProcess, spawnReceiver } from '../../services/receiver/src/testing/receiver-process.ts';
import { makeDevice, type TestDevice } from '../../services/receiver/src/testing/test-device.ts';
import { launchBrowser } from '../browser.ts';
import { makeTestLedger, type TestLedger } from '../faults/ledger-in-a-folder.ts';

const BUILD = resolve(import.meta.dirname, '../../scripts/build-explorer.mjs');

/** Far above what any step takes; one that reaches it has failed. */
const STEP_MS = 60_000;

export interface OpenPage {
  readonly page: Page;
  /** What the browser complained of, a policy that was broken included. That something is not there (404) is an answer. */
  readonly complaints: readonly string[];
  /** Of every request. */
  readonly addresses: readonly string[];
  /** Goes to the page at this fragment and waits for its heading. */
  go(fragment: string, heading: string | RegExp): Promise<void>;
}

export interface ExploredReceiver {
  readonly receiver: ReceiverProcess;
  readonly ledger: TestLedger;
  readonly browser: Browser;
  /** Of the readings that were there at the start: six of "Pump 1", without number 4, then two of "Meter 2". */
  readonly receipts: readonly TestReceipt[];
  readonly pump: TestDevice;
  /** Another one at the same place, once this one has stopped. Whoever starts it stops it. */
  startAgain(): Promise<ReceiverProcess>;
  open(options?: BrowserContextOptions): Promise<OpenPage>;
  close(): Promise<void>;
}

/** Builds the explorer if it is not built, starts the receiver and the browser, and seals eight readings. */
export async function exploreReceiver(variables: Record<string, string> = {}): Promise<ExploredReceiver> {
  const built = spawnSync(process.execPath, [BUILD], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`the explorer was not built: ${built.stderr}`);
  const ledger = await makeTestLedger();
  const start = (more: Record<string, string>) =>
    spawnReceiver({
      cwd: ledger.folder,
      variables: { ...ledger.variables, TRANSACTIONS_PER_BLOCK: '4', BLOCK_MAX_WAIT_MS: '20', ...variables, ...more },
    });
  const receiver = await start({});
  const browser = await launchBrowser();
  const [pump, meter] = [makeDevice(), makeDevice('ecdsa-p256')];
  const envelopes = [0, 1, 2, 3, 5, 6].map((seq) =>
    pump.envelope(`{"device":"Pump 1","seq":${seq},"temperature":${20 + seq}.5,"flow":{"litres":${seq * 2}}}`),
  );
  for (const seq of [1, 2]) envelopes.push(meter.envelope(`{"device":"Meter 2","seq":${seq},"power":${seq}00}`));
  const receipts = await mustAccept(receiver.url, `[${envelopes.join(',')}]`, '?wait=sealed');
  return {
    receiver,
    ledger,
    browser,
    receipts,
    pump,
    startAgain: () => start({ PORT: new URL(receiver.url).port }),
    open: (options) => openPage({ browser, url: receiver.url, options }),
    async close() {
      await browser.close();
      await receiver.stop();
      await ledger.remove();
    },
  };
}

async function openPage(of: {
  browser: Browser;
  url: string;
  options: BrowserContextOptions | undefined;
}): Promise<OpenPage> {
  const { browser, url, options } = of;
  const page = await (await browser.newContext(options)).newPage();
  page.setDefaultTimeout(STEP_MS);
  const complaints: string[] = [];
  const addresses: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (line) => {
    if (line.type() !== 'error' && line.type() !== 'warning') return;
    if (!line.text().includes('status of 404')) complaints.push(line.text());
  });
  page.on('request', (request) => addresses.push(request.url()));
  await page.goto(url);
  return {
    page,
    complaints,
    addresses,
    async go(fragment, heading) {
      await page.evaluate((to) => {
        location.hash = to;
      }, fragment);
      await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    },
  };
}
