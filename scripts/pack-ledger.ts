// The steps around `npm pack` of packages/ledger, run by its own scripts. In the checkout the package's face is its TypeScript sources, so
// that nothing needs building; in the tarball it is the plain JavaScript in dist. `publish` puts the manifest of the tarball in place,
// `restore` the one of the checkout. Stopped between the two, `git checkout packages/ledger/package.json` puts it right.

import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

interface Manifest {
  readonly [name: string]: unknown;
  readonly private?: boolean;
  readonly scripts?: unknown;
}

/** What the tarball says in other words than the checkout. */
const PUBLISHED = {
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  imports: { '#platform/*': { node: './dist/platform/node/*.js', default: './dist/platform/web/*.js' } },
  sideEffects: false,
  // node:crypto's one-shot hash, and what @noble/hashes asks for.
  engines: { node: '>=20.19' },
};

const MANIFEST = 'package.json';
const KEPT = 'package.development.json';
const steps: { readonly [name: string]: () => void } = { clean, publish, restore };
const step = steps[process.argv[2] ?? ''];
if (!step) {
  console.error(`usage: pack-ledger.ts ${Object.keys(steps).join('|')}, in packages/ledger`);
  process.exit(2);
}
step();

function clean(): void {
  rmSync('dist', { recursive: true, force: true });
}

function publish(): void {
  // A pack that was stopped left the tarball's manifest in place: the kept one is still the checkout's.
  if (!existsSync(KEPT)) copyFileSync(MANIFEST, KEPT);
  const manifest: Manifest = JSON.parse(readFileSync(KEPT, 'utf8'));
  const { private: _private, scripts: _scripts, ...shared } = manifest;
  copyFileSync('../../LICENSE', 'LICENSE');
  // Renamed into place: whoever resolves the package at this moment reads one manifest or the other, and both lead to the same code.
  writeFileSync(`${MANIFEST}.new`, `${JSON.stringify({ ...shared, ...PUBLISHED }, null, 2)}\n`);
  renameSync(`${MANIFEST}.new`, MANIFEST);
}

function restore(): void {
  renameSync(KEPT, MANIFEST);
  rmSync('LICENSE');
  clean();
}
