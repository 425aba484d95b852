// A folder for one test file, removed when its tests have ended.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** @returns makes a new, empty folder at each call */
export function temporaryFolders(): () => string {
  const root = mkdtempSync(join(tmpdir(), 'telltale-sender-'));
  let count = 0;
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return () => {
    count += 1;
    return mkdtempSync(join(root, `${count}-`));
  };
}
