// packages/ledger as its users get it: packed by `npm pack`, installed by `npm install` into an empty folder.
// Packed from a copy, because packing changes package.json for a moment, and other tests run from the checkout meanwhile.

import { execFile } from 'node:child_process';
import { copyFile, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');

export interface PackedLedger {
  /** A folder whose node_modules holds the package and what it depends on. */
  readonly folder: string;
  /** Paths in the tarball, below `package/`. */
  readonly files: readonly string[];
  remove(): Promise<void>;
}

export async function packAndInstall(): Promise<PackedLedger> {
  const scratch = await mkdtemp(join(tmpdir(), 'telltale-packed-'));
  const checkout = join(scratch, 'checkout');
  const folder = join(scratch, 'user');
  await mkdir(join(checkout, 'packages'), { recursive: true });
  await mkdir(join(checkout, 'scripts'));
  await mkdir(folder);
  for (const file of ['tsconfig.json', 'LICENSE', 'scripts/pack-ledger.ts'])
    await copyFile(join(ROOT, file), join(checkout, file));
  await cp(join(ROOT, 'packages/ledger'), join(checkout, 'packages/ledger'), {
    recursive: true,
    filter: (path) => !/[\\/](node_modules|dist)$/.test(path),
  });
  await symlink(join(ROOT, 'node_modules'), join(checkout, 'node_modules'), 'dir');
  await npm(['pack', '--pack-destination', scratch], join(checkout, 'packages/ledger'));
  const tarball = (await readdir(scratch)).find((name) => name.endsWith('.tgz'));
  if (!tarball) throw new Error('npm pack made no tarball');
  const { stdout } = await run('tar', ['-tzf', join(scratch, tarball)]);
  await writeFile(join(folder, 'package.json'), '{"name":"user","private":true,"type":"module"}\n');
  await npm(['install', '--prefer-offline', '--no-audit', '--no-fund', join(scratch, tarball)], folder);
  return {
    folder,
    files: stdout
      .trim()
      .split('\n')
      .map((path) => path.replace(/^package\//, '')),
    remove: () => rm(scratch, { recursive: true, force: true }),
  };
}

/** `npm` with this very Node.js first on its path, as the project's own scripts have it, and without what an outer npm told this process. */
async function npm(parameters: readonly string[], cwd: string): Promise<void> {
  const outer = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const path = [dirname(process.execPath), join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(delimiter);
  await run('npm', parameters, {
    cwd,
    env: { ...Object.fromEntries(outer), PATH: path },
    shell: process.platform === 'win32',
  });
}
