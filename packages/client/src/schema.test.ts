// The committed types are those of the receiver's committed OpenAPI document.

import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import openapiTypescript, { astToString } from 'openapi-typescript';
import { expect, it } from 'vitest';

const DOCUMENT = resolve(import.meta.dirname, '../../../services/receiver/openapi.json');
const HEADER = `// The receiver's API as types, made from services/receiver/openapi.json by openapi-typescript: \`npm run openapi\` renews both.\n\n`;

it('are committed as they are made from the document; `npm run openapi` renews them', async () => {
  const types = astToString(await openapiTypescript(pathToFileURL(DOCUMENT)));
  await expect(HEADER + types).toMatchFileSnapshot(resolve(import.meta.dirname, 'schema.ts'));
});
