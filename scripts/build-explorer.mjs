// Builds the explorer where it is missing or older than its sources: after each `npm ci`, and by setup.mjs before `npm start` and `npm test`.
// Plain JavaScript with nothing imported from npm; alone it installs nothing.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const explorer = join(root, 'packages', 'explorer');
/** What the explorer is made of. */
const SOURCES = [
  join(explorer, 'index.html'),
  join(explorer, 'vite.config.ts'),
  join(explorer, 'src'),
  join(root, 'packages', 'ledger', 'src'),
  join(root, 'package-lock.json'),
];
const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');

// Without development dependencies there is nothing to build it with: the receiver then says so at `/`, and everything else works.
if (existsSync(vite) && isStale()) build();

function isStale() {
  const built = modifiedMs(join(explorer, 'dist', 'index.html'));
  return SOURCES.some((source) => modifiedMs(source) > built);
}

/** Beside the old build, then in its place: a receiver that serves it never sees half of one, and a build that is cut short counts as none. */
function build() {
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
function modifiedMs(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return 0;
  if (!stat.isDirectory()) return stat.mtimeMs;
  const names = readdirSync(path).filter((name) => !name.includes('.test.') && name !== 'testing');
  return Math.max(stat.mtimeMs, ...names.map((name) => modifiedMs(join(path, name))));
}
