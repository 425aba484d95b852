// A page that stays open while another ledger takes the place of the one that it shows, as after a new start with an empty data folder.

import { expect, it, onTestFinished } from 'vitest';
import { mustAccept } from '../../services/receiver/src/testing/post-readings.ts';
import { spawnReceiver } from '../../services/receiver/src/testing/receiver-process.ts';
import { hasBrowser } from '../browser.ts';
import { makeTestLedger } from '../faults/ledger-in-a-folder.ts';
import { exploreReceiver } from './explored-receiver.ts';

/** Each step waits for the page, on a machine that is busy. */
const TIMEOUT_MS = 180_000;

it.skipIf(!hasBrowser)(
  'shows the blocks of the ledger that is there now, and none of the one before (needs a system Chromium)',
  { timeout: TIMEOUT_MS },
  async () => {
    const explored = await exploreReceiver();
    onTestFinished(() => explored.close());
    const { page } = await explored.open();
    await page.getByRole('link', { name: 'Block 2', exact: true }).waitFor();
    const PORT = new URL(explored.receiver.url).port;
    await explored.receiver.stop();
    await page.getByText('not reachable', { exact: true }).waitFor();

    const other = await makeTestLedger();
    onTestFinished(() => other.remove());
    const receiver = await spawnReceiver({
      cwd: other.folder,
      variables: { ...other.variables, PORT, BLOCK_MAX_WAIT_MS: '20' },
    });
    onTestFinished(async () => {
      await receiver.stop();
    });
    await page.getByText('live', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Block 2', exact: true }).waitFor({ state: 'detached' });
    await mustAccept(receiver.url, explored.pump.envelope('{"device":"Pump 1","seq":1}'), '?wait=sealed');
    await page.getByRole('link', { name: 'Block 1', exact: true }).waitFor();
    expect(await page.locator('.tile-value').allTextContents()).toEqual(['2', '2']);
  },
);
