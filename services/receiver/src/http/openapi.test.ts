// The committed OpenAPI document is what a receiver without plugins shows: clients are made from it.

import { resolve } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeTestLog } from '../testing/test-log.ts';
import { startTestReceiver } from '../testing/test-receiver.ts';

const COMMITTED = resolve(import.meta.dirname, '../../openapi.json');

it('is committed as it is served; `npm run openapi` renews it', async () => {
  // A witness has two routes more.
  const receiver = await startTestReceiver({
    variables: { WITNESS_LOGS: makeTestLog('log.example/known').verifierKey },
  });
  onTestFinished(() => receiver.stop());
  const document: unknown = await (await fetch(`${receiver.url}/apidocs/json`)).json();
  await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(COMMITTED);
});
