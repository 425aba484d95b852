// The packed library in a real browser: a page without a bundler verifies everything that a ledger hands out.
// Skipped where there is no Chromium, unless TELLTALE_REQUIRE_BROWSER=1 says that there must be one.

import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join, normalize, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasBrowser, launchBrowser } from '../browser.ts';
import { goldenArtefacts } from './golden-artefacts.ts';
import { type PackedLedger, packAndInstall } from './packed-ledger.ts';

describe.skipIf(!hasBrowser)('the ledger library in a browser (needs a system Chromium)', () => {
  let packed: PackedLedger | undefined;
  let server: Server | undefined;
  let browser: Browser | undefined;

  beforeAll(async () => {
    packed = await packAndInstall();
    server = await serve(packed.folder);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
    await packed?.remove();
  });

  it('verifies export, checkpoint, proof and receipt, and refuses each with one character changed', async () => {
    const page = await browser?.newPage();
    const errors: string[] = [];
    page?.on('pageerror', (error) => errors.push(error.message));
    page?.on('console', (line) => {
      if (line.type() === 'error') errors.push(line.text());
    });
    await page?.goto(addressOf(server));
    await page?.waitForFunction('window.verdicts !== undefined', undefined, { timeout: 30_000 }).catch((error) => {
      throw new Error(`the page has no verdicts: ${errors.join('; ')}`, { cause: error });
    });
    const good = { right: true, changed: false };
    expect(await page?.evaluate('window.verdicts')).toEqual({
      export: good,
      checkpoint: good,
      proof: good,
      receipt: good,
      blocks: 5,
      readings: 7,
      keySource: 'export',
    });
    expect(errors).toEqual([]);
  });
});

/** A plain static server of the page, the verifying program, the golden artefacts and the installed packages. */
async function serve(folder: string): Promise<Server> {
  const served = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://localhost').pathname);
    contentOf(path, folder).then(
      ({ type, content }) => response.writeHead(200, { 'content-type': type }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((done) => served.listen(0, '127.0.0.1', done));
  return served;
}

/** The page, with the import map that the package's own README gives to pages without a bundler. */
async function pageOf(folder: string): Promise<string> {
  const readme = await readFile(join(folder, 'node_modules/@telltale/ledger/README.md'), 'utf8');
  const [, importMap] = /^```json\n(.*?)^```$/ms.exec(readme) ?? [];
  if (importMap === undefined) throw new Error('the README has no import map');
  return `<!doctype html>
<meta charset="utf-8">
<script type="importmap">${importMap}</script>
<script type="module">
  import { verifyGolden } from '/verify-golden.mjs';
  const artefacts = await (await fetch('/golden.json')).json();
  window.verdicts = await verifyGolden(artefacts).catch((error) => String(error));
</script>
`;
}

async function contentOf(path: string, folder: string): Promise<{ type: string; content: string }> {
  if (path === '/') return { type: 'text/html', content: await pageOf(folder) };
  // Browsers ask for it by themselves.
  if (path === '/favicon.ico') return { type: 'image/x-icon', content: '' };
  if (path === '/golden.json') return { type: 'application/json', content: JSON.stringify(goldenArtefacts()) };
  const file = path === '/verify-golden.mjs' ? resolve(import.meta.dirname, 'verify-golden.mjs') : join(folder, path);
  return { type: 'text/javascript', content: await readFile(file, 'utf8') };
}

function addressOf(served: Server | undefined): string {
  const address = served?.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server does not listen');
  return `http://127.0.0.1:${address.port}/`;
}
