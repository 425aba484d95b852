// The packed library, used by a stranger: plain JavaScript and types, in a folder that knows nothing of this project.

import { execFile } from 'node:child_process';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goldenArtefacts } from './golden-artefacts.ts';
import { type PackedLedger, packAndInstall } from './packed-ledger.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');
let packed: PackedLedger;

beforeAll(async () => {
  packed = await packAndInstall();
});
afterAll(() => packed?.remove());

describe('the packed ledger library', () => {
  it('holds JavaScript with types, its licence and its README, and no sources or tests', () => {
    expect(packed.files).toEqual(
      expect.arrayContaining(['package.json', 'LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts']),
    );
    const others = packed.files.filter((path) => !/^dist\/[a-z0-9/-]+(\.js|\.d\.ts)$/.test(path));
    expect(others.sort()).toEqual(['LICENSE', 'README.md', 'package.json']);
  });

  it('says in its manifest where both platforms are, and nothing of the checkout', async () => {
    const path = join(packed.folder, 'node_modules/@telltale/ledger/package.json');
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    expect(manifest).not.toHaveProperty('private');
    expect(manifest).not.toHaveProperty('scripts');
    expect(JSON.stringify(manifest)).not.toContain('src');
    expect(Object.keys(manifest.dependencies)).toEqual(['@noble/curves', '@noble/hashes']);
  });

  it('verifies everything that a ledger hands out', async () => {
    await copyFile(resolve(import.meta.dirname, 'verify-golden.mjs'), join(packed.folder, 'verify-golden.mjs'));
    await writeFile(join(packed.folder, 'golden.json'), JSON.stringify(goldenArtefacts()));
    const program = `
      import { readFileSync } from 'node:fs';
      import { verifyGolden } from './verify-golden.mjs';
      console.log(JSON.stringify(await verifyGolden(JSON.parse(readFileSync('golden.json', 'utf8')))));
    `;
    const parameters = ['--input-type=module', '--eval', program];
    const { stdout } = await run(process.execPath, parameters, { cwd: packed.folder });
    const good = { right: true, changed: false };
    expect(JSON.parse(stdout)).toEqual({
      export: good,
      checkpoint: good,
      proof: good,
      receipt: good,
      blocks: 5,
      readings: 7,
      keySource: 'export',
    });
  });

  it('has types that a strict program is checked against', async () => {
    const program = (code: string) =>
      writeFile(
        join(packed.folder, 'program.ts'),
        `import { checkProof, parseProof, sha256, type Hash } from '@telltale/ledger';\n${code}`,
      );
    const compilerOptions = {
      strict: true,
      noEmit: true,
      module: 'nodenext',
      target: 'es2024',
      lib: ['es2024', 'dom'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
      types: ['node'],
    };
    await writeFile(join(packed.folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
    const check = () =>
      run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', packed.folder], { shell: process.platform === 'win32' });
    await program(
      'const hash: Hash = sha256(new Uint8Array(1));\nexport const used = [hash, checkProof, parseProof];\n',
    );
    await check();
    await program('export const wrong: Hash = new Uint8Array(32);\n');
    await expect(check()).rejects.toMatchObject({ stdout: expect.stringContaining('TS2322') });
  });
});
