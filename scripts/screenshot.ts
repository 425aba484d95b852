// `npm run screenshot`: makes the picture of the README anew, of a real receiver with readings of a moment ago. Needs a system Chromium.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { mustAccept } from '../services/receiver/src/testing/post-readings.ts';
import { spawnReceiver } from '../services/receiver/src/testing/receiver-process.ts';
import { makeDevice } from '../services/receiver/src/testing/test-device.ts';
import { launchBrowser } from '../test/browser.ts';

const FILE = resolve(import.meta.dirname, '../packages/explorer/docs/explorer.png');
const DEVICE = 'Cold store 2';
/** As long as a picture may take to make, and dense enough for a line. */
const READINGS = 150;
const INTERVAL_MS = 100;

const folder = await mkdtemp(join(tmpdir(), 'telltale-screenshot-'));
const receiver = await spawnReceiver({ cwd: folder, variables: { DATA_DIR: folder, TRANSACTIONS_PER_BLOCK: '5' } });
try {
  const device = makeDevice();
  for (let seq = 0; seq < READINGS; seq++) {
    // A compressor that goes on and off, and a door that is opened twice.
    const isOpen = (seq > 60 && seq < 68) || (seq > 115 && seq < 119);
    const celsius = -18 + 0.8 * Math.sin(seq / 6) + (isOpen ? 1.5 : 0) + 0.1 * Math.sin(seq * 7);
    const timestamp = Date.now() / 1000;
    const data = { device: DEVICE, seq, timestamp, temperature: Number(celsius.toFixed(2)), door: isOpen ? 1 : 0 };
    await mustAccept(receiver.url, device.envelope(JSON.stringify(data)), seq === READINGS - 1 ? '?wait=sealed' : '');
    await delay(INTERVAL_MS);
  }
  const browser = await launchBrowser();
  const page = await browser.newPage({ viewport: { width: 1100, height: 860 }, colorScheme: 'light', locale: 'en-GB' });
  await page.goto(`${receiver.url}/#/device/${encodeURIComponent(DEVICE)}`);
  await page.getByText('live', { exact: true }).waitFor();
  await page.locator('.chart canvas').nth(1).waitFor();
  await page.screenshot({ path: FILE });
  await browser.close();
} finally {
  await receiver.stop();
  await rm(folder, { recursive: true, force: true });
}
