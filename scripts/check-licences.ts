// Every package that ships with the services (no development dependencies) has a licence that fits beside MIT. Part of `npm run check`.

import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Permissive licences (SPDX) that ask for no more than their text. */
const PERMISSIVE = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'PostgreSQL',
  'Unlicense',
]);

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
}

const root = resolve(import.meta.dirname, '..');
const lock: { packages: Record<string, LockedPackage> } = JSON.parse(
  readFileSync(resolve(root, 'package-lock.json'), 'utf8'),
);
const faults = Object.entries(lock.packages)
  .filter(([path, { dev, link }]) => path.includes('node_modules/') && !dev && !link)
  .filter(([, { license }]) => !isPermissive(license ?? 'none'))
  .map(([path, { version, license }]) => `${path} ${version}: licence ${license ?? 'not stated'}`);

if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}

/** "(A OR B)" needs one that fits, "(A AND B)" all. */
function isPermissive(expression: string): boolean {
  const bare = expression.replace(/[()]/g, '');
  if (bare.includes(' OR ')) return bare.split(' OR ').some(isPermissive);
  return bare.split(' AND ').every((licence) => PERMISSIVE.has(licence.trim()));
}
