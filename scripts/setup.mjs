// Installs what is missing and builds the explorer, before `npm start`, `npm test` and `npm run check`. Plain JavaScript with nothing imported from npm:
// it runs on whatever Node.js the machine has, on a bare clone. npm itself then finds node_modules/.bin/node (24) first on its PATH.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
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

const explorer = join(root, 'packages', 'explorer');
/** What the explorer is made of. */
const EXPLORER_SOURCES = [
  join(explorer, 'index.html'),
  join(explorer, 'vite.config.ts'),
  join(explorer, 'src'),
  join(root, 'packages', 'ledger', 'src'),
  join(root, 'package-lock.json'),
];
const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');

// Without development dependencies there is nothing to build it with: the receiver then says so at `/`, and everything else works.
if (existsSync(vite) && isExplorerStale()) buildExplorer();

function isExplorerStale() {
  const built = modifiedMs(join(explorer, 'dist', 'index.html'));
  return built === undefined || EXPLORER_SOURCES.some((source) => newestMs(source) > built);
}

/** Beside the old build, then in its place: a receiver that serves it never sees half of one, and a build that is cut short counts as none. */
function buildExplorer() {
  console.log('telltale: building the explorer …');
  const made = join(explorer, `dist-${process.pid}`);
  const [node = process.execPath] = ['node', 'node.exe']
    .map((name) => join(root, 'node_modules', 'node', 'bin', name))
    .filter((file) => existsSync(file));
  const args = [vite, 'build', '--logLevel', 'warn', '--outDir', made];
  const result = spawnSync(node, args, { cwd: explorer, stdio: 'inherit' });
  if (result.status !== 0) {
    rmSync(made, { recursive: true, force: true });
    console.error('telltale: the explorer could not be built; what vite said stands above. Everything else works');
    return;
  }
  try {
    rmSync(join(explorer, 'dist'), { recursive: true, force: true });
    renameSync(made, join(explorer, 'dist'));
  } catch {
    // Another run has just put its own there, of the same sources.
    rmSync(made, { recursive: true, force: true });
  }
}

/** When the newest file at or below a path was written, tests left out; 0 where there is nothing. */
function newestMs(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  const names = readdirSync(path).filter((name) => !name.includes('.test.') && name !== 'testing');
  return Math.max(stat.mtimeMs, ...names.map((name) => newestMs(join(path, name))));
}

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
