// What packages/ledger promises in its README: every export has a docstring where it is declared.

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const SOURCES = resolve(import.meta.dirname, '../../packages/ledger/src');
const read = (file: string) => readFileSync(join(SOURCES, file), 'utf8');

/** The names that index.ts re-exports, with the file that each comes from. */
function publicNames(): { name: string; file: string }[] {
  return [...read('index.ts').matchAll(/^export (?:type )?\{(.*?)\} from '(.*?)';/gms)].flatMap(
    ([, names = '', file = '']) =>
      names
        .split(',')
        .map((name) => name.trim().replace(/^type /, ''))
        .filter((name) => name !== '')
        .map((name) => ({ name, file })),
  );
}

/** Declared there behind a docstring, or passed on from a platform, whose declarations have theirs. */
function isDocumented({ name, file }: { name: string; file: string }): boolean {
  const source = read(file);
  const declared = new RegExp(`\\*/\\nexport (?:const|(?:async )?function\\*?|class|interface|type) ${name}\\b`);
  const passedOn = new RegExp(`^export \\{[^}]*\\b${name}\\b[^}]*\\} from '#platform/`, 'm');
  return declared.test(source) || passedOn.test(source);
}

describe('an export of packages/ledger', () => {
  it('has a docstring', () => {
    const names = publicNames();
    expect(names.length).toBeGreaterThan(100);
    expect(names.filter((one) => !isDocumented(one)).map(({ name }) => name)).toEqual([]);
  });
});
