// `telltale verify` as a process: what it says of sound exports, of each kind of fault, and of what it cannot check.

import { spawnSync } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asHash, headerHash, publicKeyPem, signBlock, toBase64 } from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readingLeaf } from '../../../ledger/src/testing/chain-builder.ts';
import { testKey } from '../../../ledger/src/testing/signing-key.ts';
import { useHomeFolder } from '../testing/home-folder.ts';
import { type LedgerServer, startLedgerServer } from '../testing/ledger-server.ts';
import { runCli } from '../testing/run-cli.ts';
import {
  DEVICE,
  LEDGER_KEY,
  makeLedger,
  ORIGIN,
  otherRoot,
  signedCheckpoint,
  VERIFIER_KEY,
  withHeader,
  withLeaves,
} from '../testing/small-ledger.ts';

/** Gives a program a terminal (util-linux); where it is missing there is no other way to have one. */
const TERMINAL = 'script';

const home = useHomeFolder();
// Numbers 0, 1, 2, 13, 14 … 20: ten are missing.
const ledger = makeLedger({ blocks: 4, perBlock: 3, seqOf: (n) => (n < 3 ? n : n + 10) });
const { lines } = ledger;

const run = (args: readonly string[], input?: string) =>
  runCli(['verify', ...args], { home: home.path, ...(input !== undefined && { input }) });
const textOf = (changed: readonly (string | undefined)[]) => `${changed.join('\n')}\n`;
const verdictOf = async (changed: readonly (string | undefined)[], args = ['--key', VERIFIER_KEY]) => {
  const { code, stdout } = await run(['-', '--json', ...args], textOf(changed));
  return { exitCode: code, ...JSON.parse(stdout) };
};

describe('telltale verify of a sound export', () => {
  it('tells readings, devices, keys, blocks, times and gaps, and exits with 0', async () => {
    const { code, stdout, stderr } = await run([await home.write('sound.jsonl', textOf(lines)), '--key', VERIFIER_KEY]);
    expect(code).toBe(0);
    // Progress is for terminals.
    expect(stderr).toBe('');
    expect(stdout).toContain('SOUND. Every signature');
    expect(stdout).toContain('12 of 1 device, under 1 key; 13 transactions in all');
    expect(stdout).toContain('first 2026-07-17T00:00:01.000000Z, last 2026-07-17T00:00:04.000002Z');
    expect(stdout).toMatch(/Blocks {6}5, the newest is 4 of 2026-07-17T00:00:04\.000003Z/);
    expect(stdout).toContain(`"${DEVICE}": 10 missing (3 to 12)`);
    expect(stdout).toContain('the ledger’s key, which you named by --key');
    expect(stdout).not.toContain('NOBODY');
  });

  it('gives the same as JSON', async () => {
    expect(await verdictOf(lines)).toMatchObject({
      exitCode: 0,
      verdict: 'sound',
      is_trusted_key: true,
      origin: ORIGIN,
      readings: 12,
      devices: 1,
      keys: 1,
      blocks: 5,
      leaves: 13,
      by_device: [{ device: DEVICE, readings: 12, missing: 10, gaps: [{ from: 3, to: 12 }], duplicates: 0 }],
      fault: null,
    });
  });

  it('says in so many words that it was not told whom to trust', async () => {
    const { code, stdout } = await run(['-'], textOf(lines));
    expect(code).toBe(0);
    expect(stdout).toContain('NOBODY YOU NAMED');
    expect(stdout).toContain(toBase64(LEDGER_KEY.key.spki));
    expect(await verdictOf(lines, [])).toMatchObject({ verdict: 'sound', is_trusted_key: false, trusted_by: null });
  });

  it('takes the key as verifier key, base64, PEM file, or by its origin from the known keys', async () => {
    const pem = await home.write('ledger.pub', publicKeyPem(LEDGER_KEY.key.spki));
    const known = await home.write('known', `# ledgers\n\nother.example+00000000+x\n`);
    await mkdir(join(home.path, '.config', 'telltale'), { recursive: true });
    await home.write('.config/telltale/known-keys', `# ledgers\n${VERIFIER_KEY}\n`);
    for (const args of [
      ['--key', toBase64(LEDGER_KEY.key.spki)],
      ['--key', pem],
      ['--key', toBase64(LEDGER_KEY.key.spki), '--origin', ORIGIN],
      ['--origin', ORIGIN],
    ]) {
      expect(await verdictOf(lines, args)).toMatchObject({ exitCode: 0, is_trusted_key: true });
    }
    // A line that cannot be read may be the one that was meant.
    expect(await verdictOf(lines, ['--origin', ORIGIN, '--known', known])).toMatchObject({
      exitCode: 2,
      verdict: 'could-not-check',
    });
  });
});

function flipped(bytes: Uint8Array, at: number): Buffer {
  return Buffer.from(Uint8Array.from(bytes, (byte, i) => (i === at ? byte ^ 1 : byte)));
}

describe('telltale verify of an export that is not sound', () => {
  const flip = (at: number) => (leaves: Buffer[]) =>
    leaves.map((leaf, n) => (n === 1 ? flipped(leaf, at < 0 ? leaf.length + at : at) : leaf));

  it.each([
    ['another message', 3, withLeaves(lines[3] ?? '', flip(-4)), { code: 'signature', block_index: 2, leaf_index: 5 }],
    ['another time of receipt', 3, withLeaves(lines[3] ?? '', flip(9)), { block_index: 2 }],
    ['another key', 3, withLeaves(lines[3] ?? '', flip(20)), { code: 'key-unknown', block_index: 2, leaf_index: 5 }],
    ['a leaf removed', 3, withLeaves(lines[3] ?? '', (all) => all.slice(1)), { code: 'log-size', block_index: 2 }],
    [
      'two leaves swapped',
      3,
      withLeaves(lines[3] ?? '', ([a, b, ...rest]) => [b, a, ...rest].filter((x) => x !== undefined)),
      { block_index: 2 },
    ],
    [
      'a time going backwards',
      3,
      withHeader(lines[3] ?? '', (header) => header.fill(0, 44, 52)),
      { code: 'timestamp', block_index: 2 },
    ],
    [
      'a lower difficulty',
      3,
      withHeader(lines[3] ?? '', (header) => header.fill(0, 104, 108)),
      { code: 'difficulty', block_index: 2 },
    ],
    ['another log root', 3, withHeader(lines[3] ?? '', (header) => header.fill(7, 64, 96)), { block_index: 2 }],
    ['a block removed', 3, undefined, { code: 'index', block_index: 2 }],
    ['another end', 6, JSON.stringify({ checkpoint: otherRoot(ledger) }), { code: 'checkpoint-root', line: 7 }],
    ['its first line changed', 0, lines[0]?.replace('v1', 'v2'), { code: 'export-format', line: 1 }],
  ])('names the block and the leaf of %s, and exits with 1', async (_what, at, line, fault) => {
    const changed = line === undefined ? lines.toSpliced(at, 1) : lines.with(at, line);
    expect(await verdictOf(changed)).toMatchObject({ exitCode: 1, verdict: 'not-sound', fault });
  });

  it('says it to a person with the place and what it means', async () => {
    const { code, stdout } = await run(['-'], textOf(lines.with(3, withLeaves(lines[3] ?? '', flip(-4)))));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^NOT SOUND\./);
    expect(stdout).toContain('in block 2, leaf 5, line 4 of the export:');
    expect(stdout).toContain('Where: the leaf’s signature (from byte 44) and the message behind it.');
    expect(stdout).toContain(`a reading of device "${DEVICE}", number 14`);
  });

  it('finds an export that was cut off, wherever', async () => {
    expect(await verdictOf(lines.slice(0, -1))).toMatchObject({
      exitCode: 1,
      fault: { code: 'export-unfinished', line: 7 },
    });
    expect(await verdictOf(lines.slice(0, 3))).toMatchObject({ exitCode: 1, fault: { code: 'export-unfinished' } });
    const half = textOf(lines).slice(0, Math.floor(textOf(lines).length / 2));
    const { code, stdout } = await run(['-', '--json'], half);
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 1, fault: { code: 'export-line' } });
  });

  it('finds a reading that its device’s key did not sign, though all hashes are redone', async () => {
    const forged = makeLedger({ blocks: 1, perBlock: 1 });
    const leaf = readingLeaf({ by: testKey(9), message: '{"n":1}', receivedAtUs: 1_784_246_403_000_000 });
    forged.builder.seal({ leaves: [leaf], timestampUs: 1_784_246_404_000_000, difficultyBits: 1 });
    const block = forged.builder.blocks.at(-1);
    if (!block) throw new Error('no block');
    const line = JSON.stringify({
      header: toBase64(block.header),
      signature: toBase64(signBlock({ origin: ORIGIN, hash: headerHash(block.header), sign: LEDGER_KEY.sign })),
      leaves: [toBase64(leaf)],
    });
    expect(await verdictOf([...forged.lines.slice(0, -1), line, forged.lines.at(-1)])).toMatchObject({
      exitCode: 1,
      fault: { code: 'key-unknown', block_index: 2, leaf_index: 2 },
    });
  });

  it('is of another ledger than the trusted one', async () => {
    expect(await verdictOf(lines, ['--key', toBase64(testKey(8).key.spki)])).toMatchObject({
      exitCode: 1,
      fault: { code: 'export-key' },
    });
    const { spki } = LEDGER_KEY.key;
    expect(await verdictOf(lines, ['--key', toBase64(spki), '--origin', 'other.example'])).toMatchObject({
      exitCode: 1,
      fault: { code: 'export-origin' },
    });
  });

  it('has a checkpoint of fewer transactions than its blocks hold', async () => {
    const short = makeLedger({ blocks: 3, perBlock: 3 });
    const end = JSON.stringify({ checkpoint: signedCheckpoint({ size: 4, root: asHash(LEDGER_KEY.key.keyId) }) });
    expect(await verdictOf(short.lines.with(-1, end))).toMatchObject({
      exitCode: 1,
      fault: { code: 'checkpoint-size' },
    });
  });
});

describe('telltale verify of what cannot be checked', () => {
  it.each([
    ['a file that is not there', ['nowhere.jsonl']],
    ['a receiver that is away', ['http://127.0.0.1:9']],
    ['an unknown option', ['-', '--bogus']],
    ['no argument', []],
    ['an origin that nobody knows', ['-', '--origin', 'unknown.example']],
    ['a key that is none', ['-', '--key', 'bm8ga2V5']],
    ['no input at all', ['-']],
  ])('exits with 2 for %s', async (_what, args) => {
    const { code, stdout, stderr } = await run(args, '');
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^telltale: /);
  });
});

describe('telltale verify whose threads die', () => {
  it('exits with 2 and says nothing of the export', async () => {
    const file = await home.write('threads.jsonl', textOf(makeLedger({ blocks: 10, perBlock: 100 }).lines));
    const dying = 'import{isMainThread}from"node:worker_threads";isMainThread||process.exit(0)';
    const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(dying)}`;
    const args = ['verify', file, '--json', '--key', VERIFIER_KEY];
    const { code, stdout, stderr } = await runCli(args, { home: home.path, variables: { NODE_OPTIONS } });
    expect(JSON.parse(stdout)).toMatchObject({ code: 'internal', verdict: 'could-not-check' });
    expect(code).toBe(2);
    expect(stderr).toContain('a thread that checks signatures ended');
  });
});

describe('telltale verify of a receiver', () => {
  let server: LedgerServer;
  beforeAll(async () => {
    server = await startLedgerServer(ledger);
  });
  afterAll(() => server.stop());

  it('reads its export by its URL, and the one that export saved is the same', async () => {
    expect((await run([server.url, '--key', VERIFIER_KEY])).code).toBe(0);
    const file = join(home.path, 'saved.jsonl');
    expect((await runCli(['export', server.url, file], { home: home.path })).code).toBe(0);
    expect(await readFile(file, 'utf8')).toBe(textOf(lines));
    const { stdout } = await runCli(['export', server.url], { home: home.path });
    expect(stdout).toBe(textOf(lines));
  });
});

describe('telltale verify on a large export', () => {
  it('verifies 100,000 readings in less than 200 MB', async () => {
    const file = await home.write('large.jsonl', textOf(makeLedger({ blocks: 1000, perBlock: 100 }).lines));
    const { code, stdout, maxRssBytes } = await run([file, '--json', '--key', VERIFIER_KEY]);
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, readings: 100_000, blocks: 1001 });
    expect(maxRssBytes).toBeGreaterThan(0);
    expect(maxRssBytes).toBeLessThan(200_000_000);
  });
});

describe.runIf(process.platform === 'linux' && spawnSync(TERMINAL, ['--version']).status === 0)('on a terminal', () => {
  it('shows how far it is and clears it away', async () => {
    const file = await home.write('progress.jsonl', textOf(makeLedger({ blocks: 300, perBlock: 100 }).lines));
    const main = new URL('../main.ts', import.meta.url).pathname;
    const { stdout } = spawnSync(TERMINAL, ['-qec', `'${process.execPath}' '${main}' verify '${file}'`, '/dev/null'], {
      encoding: 'utf8',
      cwd: home.path,
    });
    expect(stdout).toMatch(/transactions, [\d,]+ a second/);
    expect(stdout).toContain('SOUND.');
  });
});
