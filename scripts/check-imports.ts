// Dependencies point down only: services → peering → plugin → ledger; database and signature-threads → ledger; files stands alone; a service never imports another, and a package
// is entered through its index alone. Part of `npm run check`.

import { globSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';

/** What each workspace may import of ours. Tests and scripts may import everything that has a public face. */
const ALLOWED: Record<string, readonly string[]> = {
  'packages/ledger': [],
  'packages/files': [],
  'packages/database': ['@telltale/ledger'],
  // A thread loads what it checks signatures with, and nothing more of the ledger.
  'packages/signature-threads': ['@telltale/ledger', '@telltale/ledger/sync-verifier'],
  'packages/plugin': ['@telltale/ledger', '@telltale/database'],
  'packages/peering': ['@telltale/files', '@telltale/ledger', '@telltale/database', '@telltale/plugin'],
  'packages/client': [],
  'packages/cli': ['@telltale/files', '@telltale/ledger', '@telltale/signature-threads', '@telltale/client'],
  'packages/explorer': ['@telltale/ledger'],
  // Not peering: it is a plugin, which is loaded only when the configuration names it.
  'services/receiver': [
    '@telltale/files',
    '@telltale/ledger',
    '@telltale/database',
    '@telltale/signature-threads',
    '@telltale/plugin',
  ],
  // Of the client the types alone: the sender has an exchange of its own, which weighs less.
  'services/sender': ['@telltale/files', '@telltale/ledger', '@telltale/client'],
};
/** What tests of any workspace may import beside. */
const TESTING = new Set(['@telltale/database/testing', '@telltale/plugin/testing']);
const IMPORT = /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/g;

const root = resolve(import.meta.dirname, '..');
const faults: string[] = [];

for (const [workspace, allowed] of Object.entries(ALLOWED)) {
  for (const file of globSync(`${workspace}/**/*.{ts,tsx}`, {
    cwd: root,
    exclude: (name) => name === 'node_modules' || name === 'dist',
  })) {
    const isTest = /\.test\.ts$|\/testing\//.test(file);
    const source = readFileSync(resolve(root, file), 'utf8');
    for (const match of source.matchAll(IMPORT)) {
      const specifier = match[1] ?? match[2] ?? '';
      const fault = faultOf({ workspace, allowed, file, specifier, isTest });
      if (fault) faults.push(`${file}: ${fault}`);
    }
    if (workspace === 'packages/ledger' && !isTest && /\bprocess\.|\bDate\.now\(|new Date\(/.test(source)) {
      faults.push(`${file}: the ledger reads no clock and no environment`);
    }
  }
}

if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}

function faultOf(at: {
  workspace: string;
  allowed: readonly string[];
  file: string;
  specifier: string;
  isTest: boolean;
}): string | undefined {
  const { workspace, allowed, file, specifier, isTest } = at;
  if (specifier.startsWith('.')) {
    const target = relative(root, resolve(root, dirname(file), specifier));
    if (target.startsWith(`${workspace}/`) || isTest) return undefined;
    return `${specifier} leaves its workspace`;
  }
  if (specifier.startsWith('@telltale/')) {
    if (isTest && TESTING.has(specifier)) return undefined;
    return allowed.includes(specifier) ? undefined : `${specifier} may not be imported here`;
  }
  if (workspace === 'packages/ledger' && !isTest && !mayLedgerImport(file, specifier)) {
    return `the ledger may not import ${specifier}`;
  }
  return undefined;
}

/** Hashing and signatures, each platform's from its own folder; nothing else from outside. */
function mayLedgerImport(file: string, specifier: string): boolean {
  if (file.includes('/src/platform/node/')) return specifier === 'node:crypto';
  if (file.includes('/src/platform/web/')) return specifier.startsWith('@noble/');
  return specifier.startsWith('#platform/');
}
