// The committed OpenAPI document is what a sender shows.

import { resolve } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { startApp } from '../app.ts';
import { parseConfig } from '../config.ts';
import { temporaryFolders } from '../testing/temporary-folder.ts';

const COMMITTED = resolve(import.meta.dirname, '../../openapi.json');
const newFolder = temporaryFolders();

it('is committed as it is served; `npm run openapi` renews it', async () => {
  const config = parseConfig({ PORT: '0', DATA_DIR: newFolder() });
  const app = await startApp({ config, logger: pino({ level: 'silent' }) });
  onTestFinished(() => app.stop());
  const document: unknown = await (await fetch(`${app.url}/apidocs/json`)).json();
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(COMMITTED);
});
