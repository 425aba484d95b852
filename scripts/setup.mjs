// Installs what is missing and builds the explorer, before `npm start`, `npm test` and `npm run check`. Plain JavaScript with nothing imported from npm:
// it runs on whatever Node.js the machine has, on a bare clone. npm itself then finds node_modules/.bin/node (24) first on its PATH.

import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The oldest Node.js whose npm can install the project; the services bring their own (README). */
const LEAST_NODE = 20;

const root = dirname(dirname(fileURLToPath(import.meta.url)));

if (Number(process.versions.node.split('.')[0]) < LEAST_NODE) {
  console.error(`telltale: Node.js ${LEAST_NODE} or later is needed, this is ${process.versions.node}`);
  process.exit(1);
}

if (isInstallStale()) {
  console.log('telltale: installing dependencies (once) …');
  // npm_execpath is the npm that runs this script, so the same one installs; alone, the one on PATH does.
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: 'inherit' })
    : spawnSync('npm', args, { cwd: root, stdio: 'inherit', shell: process.platform === 'win32' });
  if (result.status !== 0) {
    console.error('telltale: the installation failed; what npm said stands above');
    process.exit(1);
  }
}

// Only now: what it is built with may have been missing.
await import('./build-explorer.mjs');

/** npm writes node_modules/.package-lock.json last, so an installation that was cut short counts as missing. */
function isInstallStale() {
  const installed = modifiedMs(join(root, 'node_modules', '.package-lock.json'));
  return installed === undefined || installed < (modifiedMs(join(root, 'package-lock.json')) ?? 0);
}

function modifiedMs(file) {
  try {
    return statSync(file).mtimeMs;
  } catch {
    // Not there: that is the answer.
    return undefined;
  }
}
