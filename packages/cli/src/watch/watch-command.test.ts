// `telltale watch` as a process, on a server that changes its history: forks, rollbacks and blocks mined anew are found and their evidence kept.

import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { toBase64 } from '@telltale/ledger';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { testKey } from '../../../ledger/src/testing/signing-key.ts';
import { useHomeFolder } from '../testing/home-folder.ts';
import { type LedgerServer, startLedgerServer } from '../testing/ledger-server.ts';
import { runCli, startCli } from '../testing/run-cli.ts';
import { makeLedger, otherRoot, VERIFIER_KEY, withLeaves } from '../testing/small-ledger.ts';

const home = useHomeFolder();
const early = makeLedger({ blocks: 2, perBlock: 3 });
const later = makeLedger({ blocks: 4, perBlock: 3 });
/** Shares block 1 with the others and says something else from block 2 on. */
const otherWords = makeLedger({ blocks: 4, perBlock: 3, word: 'storm', changedFrom: 2 });
/** The same leaves in blocks that were mined anew with other times. */
const minedAnew = makeLedger({ blocks: 4, perBlock: 3, changedFrom: 2, delayUs: 5 });

let server: LedgerServer;
let state = '';
let runs = 0;
beforeAll(async () => {
  server = await startLedgerServer(early);
});
afterAll(() => server.stop());
beforeEach(() => {
  server.show(early);
  state = join(home.path, `watch-${++runs}.json`);
});

const lookOnce = (args: readonly string[] = ['--key', VERIFIER_KEY]) =>
  runCli(['watch', server.url, '--once', '--state', state, '--json', ...args], { home: home.path });
const eventsOf = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const lastEvent = (stdout: string) => eventsOf(stdout).at(-1);
const evidenceOf = async (stdout: string) => JSON.parse(await readFile(lastEvent(stdout).evidence_file, 'utf8'));

describe('telltale watch', () => {
  it('follows a ledger that grows, from one run to the next', async () => {
    const first = await lookOnce();
    expect(first.code).toBe(0);
    expect(lastEvent(first.stdout)).toMatchObject({ event: 'sound', transactions: 7, readings: 6, blocks: 3 });
    server.show(later);
    const second = await lookOnce();
    expect(second.code).toBe(0);
    expect(lastEvent(second.stdout)).toMatchObject({ event: 'sound', transactions: 13, blocks: 5 });
    expect((await readdir(home.path)).filter((name) => name.includes('.part'))).toEqual([]);
  });

  it('goes on until it is ended, reads on from where it was, and finds a fork while it runs', async () => {
    const started = startCli(['watch', server.url, '--every', '1', '--state', state, '--json', '--key', VERIFIER_KEY], {
      home: home.path,
    });
    const until = async (count: number) => {
      const deadline = Date.now() + 30_000;
      const sound = () => started.result().stdout.split('"event":"sound"').length - 1;
      while (sound() < count) {
        if (Date.now() > deadline) throw new Error(`not told in time: ${started.result().stdout}`);
        await wait(20);
      }
    };
    await until(1);
    const before = server.asked.length;
    server.show(later);
    await until(2);
    // The newest block that it had, to see that it is still the same, and what follows.
    expect(server.asked.slice(before)).toEqual([2]);
    server.show(otherWords);
    await started.ended;
    const { code, stdout } = started.result();
    expect(code).toBe(1);
    expect(lastEvent(stdout)).toMatchObject({ event: 'not-sound', code: 'two-checkpoints' });
    expect(await evidenceOf(stdout)).toMatchObject({ first: later.checkpoint, second: otherWords.checkpoint });
  });

  it('ends with 0 when it is told to end', async () => {
    const started = startCli(['watch', server.url, '--state', state, '--key', VERIFIER_KEY], { home: home.path });
    const deadline = Date.now() + 30_000;
    while (!started.result().stdout.includes('sound: 7 transactions') && Date.now() < deadline) await wait(20);
    started.child.kill('SIGTERM');
    await started.ended;
    expect(started.result().code).toBe(0);
  });
});

describe('telltale watch of a ledger with two histories', () => {
  it('finds a larger log that does not begin with the one it saw, and keeps both checkpoints', async () => {
    await lookOnce();
    server.show(otherWords);
    const { code, stdout } = await lookOnce();
    expect(code).toBe(1);
    expect(lastEvent(stdout)).toMatchObject({
      event: 'not-sound',
      code: 'two-histories',
      message:
        'history was rewritten: the log of 13 transactions does not begin with the log of 7 that the ledger signed before',
    });
    expect(await evidenceOf(stdout)).toMatchObject({ first: early.checkpoint, second: otherWords.checkpoint });
    // What was seen first stays: the same is found again.
    expect((await lookOnce()).code).toBe(1);
    server.show(later);
    expect((await lookOnce()).code).toBe(0);
  });

  it('finds two checkpoints of one size with different roots', async () => {
    server.show(later);
    await lookOnce();
    server.show(later, otherRoot(later));
    const { code, stdout } = await lookOnce();
    expect(code).toBe(1);
    expect(lastEvent(stdout)).toMatchObject({ code: 'two-checkpoints' });
    expect(lastEvent(stdout).message).toContain(
      'the ledger signed two checkpoints of 13 transactions with different roots',
    );
    expect(await evidenceOf(stdout)).toMatchObject({ first: later.checkpoint, second: otherRoot(later) });
  });

  it('finds blocks that were mined anew over the same log, and keeps both headers', async () => {
    server.show(later);
    await lookOnce();
    server.show(minedAnew);
    expect(minedAnew.checkpoint).toBe(later.checkpoint);
    const { code, stdout } = await lookOnce();
    expect(code).toBe(1);
    expect(lastEvent(stdout)).toMatchObject({ code: 'two-blocks', block_index: 4 });
    const evidence = await evidenceOf(stdout);
    const [first, second] = [later, minedAnew].map(({ builder }) =>
      toBase64(builder.blocks[4]?.header ?? new Uint8Array(0)),
    );
    expect(evidence).toMatchObject({ first: { header: first }, second: { header: second } });
  });

  it('finds that the end was taken away', async () => {
    server.show(later);
    await lookOnce();
    server.show(early);
    const { code, stdout } = await lookOnce();
    expect(code).toBe(1);
    expect(lastEvent(stdout)).toMatchObject({ code: 'rollback' });
    expect(lastEvent(stdout).message).toContain('shows 7 transactions after it signed 13: its end was taken away');
    expect(await evidenceOf(stdout)).toMatchObject({ first: later.checkpoint, second: early.checkpoint });
  });

  it('takes an older checkpoint of the same log for what it is: a receiver that is behind', async () => {
    server.show(later);
    await lookOnce();
    server.show(later, early.checkpoint);
    expect((await lookOnce()).code).toBe(0);
    expect(JSON.parse(await readFile(state, 'utf8'))).toMatchObject({ checkpoint: later.checkpoint });
  });

  it('names block and leaf of a forged reading in a new block', async () => {
    await lookOnce();
    const line = withLeaves(later.lines[4] ?? '', (leaves) =>
      leaves.map((leaf, n) =>
        n === 1 ? Buffer.from(leaf.toString('latin1').replace('calm', 'caln'), 'latin1') : leaf,
      ),
    );
    server.show({ ...later, lines: later.lines.with(4, line) });
    const { code, stdout } = await lookOnce();
    expect(code).toBe(1);
    expect(lastEvent(stdout)).toMatchObject({ code: 'signature', block_index: 3, leaf_index: 8 });
  });

  it('finds a checkpoint that the trusted key did not sign', async () => {
    const { code, stdout } = await lookOnce(['--key', toBase64(testKey(8).key.spki)]);
    expect(code).toBe(1);
    expect(lastEvent(stdout)).toMatchObject({ code: 'note-unsigned' });
  });
});

describe('telltale watch that cannot check', () => {
  it('exits with 2 when the receiver is away, and says so', async () => {
    const { code, stdout } = await runCli(
      ['watch', 'http://127.0.0.1:9', '--once', '--state', state, '--json', '--key', VERIFIER_KEY],
      { home: home.path },
    );
    expect(code).toBe(2);
    expect(lastEvent(stdout)).toMatchObject({ event: 'could-not-check', code: 'unreachable' });
  });

  it('exits with 2 for a state file that is broken or of another ledger, and leaves it as it is', async () => {
    await writeFile(state, '{"format":');
    expect((await lookOnce()).code).toBe(2);
    expect(await readFile(state, 'utf8')).toBe('{"format":');
    state = join(home.path, 'other.json');
    await lookOnce();
    expect((await lookOnce(['--key', toBase64(testKey(8).key.spki)])).code).toBe(2);
  });

  it('says when it was not told whom to trust, and keeps the key that it found', async () => {
    const { code, stdout } = await lookOnce([]);
    expect(code).toBe(0);
    expect(eventsOf(stdout)[0]).toMatchObject({ event: 'started', is_trusted_key: false, key_source: 'receiver' });
    const again = await runCli(['watch', server.url, '--once', '--state', state], { home: home.path });
    expect(again.stdout).toContain('with the key of the state file');
    const anew = await runCli(['watch', server.url, '--once'], { home: home.path });
    expect(anew.stdout).toContain('YOU DID NOT SAY WHOM TO TRUST');
    await access(join(home.path, '.local/state/telltale', `${new URL(server.url).host.replace(':', '_')}.json`));
  });
});
