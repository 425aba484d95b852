// The system's Chromium for tests of pages. They are skipped where there is none, unless TELLTALE_REQUIRE_BROWSER=1 says that there must be one.

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Where distributions put Chromium and Chrome. */
const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executablePath = [process.env['CHROMIUM_PATH'] ?? '', ...BROWSERS].find(
  (path) => path !== '' && existsSync(path),
);

/** Whether tests with a browser are to run: there is one, or there must be. */
export const hasBrowser = executablePath !== undefined || process.env['TELLTALE_REQUIRE_BROWSER'] === '1';

export async function launchBrowser(): Promise<Browser> {
  if (!executablePath) throw new Error(`there is no browser: none of ${BROWSERS.join(', ')} is there`);
  // Chromium's sandbox does not start for root, and containers seldom allow it; the pages are our own.
  return chromium.launch({ executablePath, args: ['--no-sandbox'] });
}
