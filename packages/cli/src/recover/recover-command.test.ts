// `telltale recover` as a process, against members of a ring that keep a small ledger: whole, with gaps, with lies. Real rings: test/end-to-end.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { useHomeFolder } from '../testing/home-folder.ts';
import { type CliResult, runCli } from '../testing/run-cli.ts';
import { LEDGER_KEY, makeLedger, ORIGIN, receiptsOf, VERIFIER_KEY } from '../testing/small-ledger.ts';
import { bodiesOf, type RingServer, type RingServerOptions, startRingServer } from './testing/ring-server.ts';

const home = useHomeFolder();
const ledger = makeLedger({ blocks: 6, perBlock: 3 });
const longer = makeLedger({ blocks: 8, perBlock: 3 });
const exported = `${ledger.lines.join('\n')}\n`;

let database: TestDatabase;
let keyFile: string;
const servers: RingServer[] = [];
beforeEach(async () => {
  database = await createTestDatabase(inject('testServer'));
  keyFile = join(home.path, 'key.pem');
  await writeFile(keyFile, LEDGER_KEY.privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  await database.drop();
});

async function member(options: RingServerOptions = {}): Promise<string> {
  const server = await startRingServer(ledger, options);
  servers.push(server);
  return server.url;
}

/** Also gives what a receiver would export after it; undefined: the database is as empty as before. */
function recover(urls: readonly string[], more: readonly string[] = []): Promise<CliResult> {
  const ring = urls.flatMap((url) => ['--ring', url]);
  const variables = { DATABASE_URL: database.url, DATA_DIR: home.path };
  return runCli(['recover', ...ring, '--ledger-key', keyFile, ...more], { home: home.path, variables });
}

/** An import is refused exactly when something is there. */
async function expectEmpty(): Promise<void> {
  const variables = { DATABASE_URL: database.url, DATA_DIR: home.path, LEDGER_KEY_FILE: keyFile };
  expect(await runCli(['import', '-'], { home: home.path, variables, input: exported })).toMatchObject({ code: 0 });
}

describe('telltale recover', () => {
  it('imports what the ring keeps, and saves the very export that the ledger would give', async () => {
    const out = join(home.path, 'recovered.jsonl');
    const { code, stdout, stderr } = await recover([await member()], ['--out', out]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^RECOVERED\. 7 blocks \(genesis among them\) with 18 readings came back from the ring/);
    expect(stdout).toContain('What may be missing: readings that were acknowledged, but not yet in a block');
    expect(stdout).toContain('IMPORTED. Every signature');
    expect(await readFile(out, 'utf8')).toBe(exported);
    expect(await recover([await member()])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('holds a ledger already'),
    });
  });

  it('says it to a program', async () => {
    const { code, stdout } = await recover([await member()], ['--json']);
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 0,
      verdict: 'recovered',
      origin: ORIGIN,
      blocks: 7,
      readings: 18,
      head: ledger.head,
      ring_head: 6,
      file: null,
      kept: null,
    });
  });

  it('takes from another member what one does not have, gives falsely, or cannot give', async () => {
    const flipped = (body: Uint8Array) => body.with(body.length - 2, 1 ^ (body.at(-2) ?? 0));
    const forgetful = await member({ change: (height) => (height === 2 ? 404 : undefined) });
    const liar = await member({ change: (height, body) => (height === 4 ? flipped(body) : undefined) });
    const busy = await member({ change: (height) => (height === 2 || height === 4 ? 503 : undefined) });
    const whole = await member({ change: (height) => (height === 2 || height === 4 ? undefined : 404) });
    expect(await recover([forgetful, liar, busy, whole])).toMatchObject({ code: 0 });
  });

  it('does without members that are away or in no ring, and names them', async () => {
    const { code, stderr } = await recover(['http://127.0.0.1:9', await member()]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^telltale: http:\/\/127\.0\.0\.1:9 is left out: .+ cannot be reached[^\n]+\n$/);
  });

  it('finds blocks behind the head that a member names', async () => {
    expect(await recover([await member({ headHeight: 3 })], ['--json'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"ring_head":6'),
    });
  });

  it('imports when what was kept is in it', async () => {
    const receipts = await home.write('receipts.json', JSON.stringify(receiptsOf(ledger, { leafIndexes: [4, 5] })));
    const { code, stdout } = await recover([await member()], ['--receipt', receipts]);
    expect(code).toBe(0);
    expect(stdout).toContain('What you kept (2 receipts) was compared with the log: all of it is signed by the ledger');
  });
});

describe('telltale recover where the key signed several blocks of a height', () => {
  it('takes those that lead to the head, and says so', async () => {
    const rival = makeLedger({ blocks: 4, perBlock: 3, delayUs: 1, changedFrom: 2 });
    const out = join(home.path, 'chosen.jsonl');
    const { code, stdout } = await recover([await member({ rival })], ['--out', out]);
    expect(code).toBe(0);
    expect(stdout).toContain('The ledger’s key signed several blocks of heights from 2 to 4;');
    expect(stdout).toContain('Those that lead to block 6 came back.');
    expect(await readFile(out, 'utf8')).toBe(exported);
  });

  it('imports nothing when the head is among them and what was kept is in the other chain', async () => {
    const rival = makeLedger({ blocks: 6, perBlock: 3, word: 'wild', delayUs: 1, changedFrom: 5 });
    const checkpoint = await home.write('checkpoint', ledger.checkpoint);
    const { code, stdout } = await recover([await member({ rival })], ['--checkpoint', checkpoint]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^NOT RECOVERED\./);
    expect(stdout).toContain('The newest is among them, and the ring cannot say which of those was published');
    await expectEmpty();
  });

  it('says that the ring does not keep the block that the chain needs', async () => {
    const rival = makeLedger({ blocks: 3, perBlock: 3, delayUs: 1, changedFrom: 3 });
    const { code, stderr } = await recover([await member({ rival, isRivalAlone: true })]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^telltale: block 3 of 6 is missing: no member of the ring has it now/);
    await expectEmpty();
  });
});

describe('telltale recover of what is not whole', () => {
  const withoutBlock = (missing: number): RingServerOptions => ({
    change: (height) => (height === missing ? 404 : undefined),
  });

  it('imports nothing when a block is missing, and names its height', async () => {
    const { code, stdout, stderr } = await recover([await member(withoutBlock(4)), await member(withoutBlock(4))]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^telltale: block 4 of 6 is missing: no member of the ring has it now/);
    await expectEmpty();
  });

  it('saves the chain before the missing block where it may be partial, and imports nothing', async () => {
    const out = join(home.path, 'partial.jsonl');
    const { code, stdout } = await recover([await member(withoutBlock(4))], ['--partial', '--out', out]);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^NOT RECOVERED\. Block 4 of 6 is missing in the ring now; nothing was imported\./);
    expect(await runCli(['verify', out, '--key', VERIFIER_KEY, '--json'], { home: home.path })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('"blocks":4'),
    });
    await expectEmpty();
  });

  it('imports nothing when a block is false everywhere', async () => {
    const { code, stderr } = await recover([
      await member({ change: (height, body) => (height === 3 ? body.slice(0, -1) : undefined) }),
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^telltale: block 3: what .+ answered is not it: the body ends in the middle of a part/);
    await expectEmpty();
  });

  it('takes no block of another height', async () => {
    const other = bodiesOf(ledger)[2];
    const { code, stderr } = await recover([await member({ change: (height) => (height === 3 ? other : undefined) })]);
    expect(code).toBe(2);
    expect(stderr).toContain('block 3: what');
    expect(stderr).toContain('it is block 2');
  });

  it('says that the chain is not sound when each block is the ledger’s own and they do not fit', async () => {
    const rival = bodiesOf(makeLedger({ blocks: 6, perBlock: 3, delayUs: 1, changedFrom: 4 }))[4];
    const { code, stdout } = await recover([await member({ change: (height) => (height === 4 ? rival : undefined) })]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^NOT SOUND\./);
    expect(stdout).toMatch(/in block 5, line 7 of the export/);
    await expectEmpty();
  });

  it.each([
    ['a checkpoint of a longer log', 'checkpoint', () => longer.checkpoint, 1],
    [
      'a receipt for a reading that is not there yet',
      'receipt',
      () => JSON.stringify(receiptsOf(longer, { leafIndexes: [22] })),
      2,
    ],
  ])('imports nothing when what was kept is not in it: %s', async (_what, kind, content, exitCode) => {
    const file = await home.write('kept', content());
    const { code, stdout } = await recover([await member()], [`--${kind}`, file]);
    expect(code).toBe(exitCode);
    expect(stdout).toMatch(/^NOT RECOVERED\. The ring’s blocks are a sound chain, but not all that you kept is in it/);
    await expectEmpty();
  });

  it('names another origin as what may be wrong', async () => {
    const { code, stderr } = await recover([await member()], ['--origin', 'other.example']);
    expect(code).toBe(2);
    expect(stderr).toContain('or its origin is not other.example (see --origin)');
  });

  it.each([
    ['no ring', [], 'usage', '--ring is missing'],
    ['what is no URL', ['--ring', 'ring'], 'usage', 'is not the http or https URL'],
    ['nobody there', ['--ring', 'http://127.0.0.1:9'], 'unreachable', 'none of the receivers'],
    ['a part without a place for it', ['--ring', 'http://127.0.0.1:9', '--partial'], 'usage', '--partial needs --out'],
  ])('exits with 2 for %s', async (_what, args, errorCode, words) => {
    const { code, stdout, stderr } = await recover([], [...args, '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ verdict: 'could-not-check', code: errorCode });
    expect(stderr).toContain(words);
  });

  it('says that the ring does not know the ledger of a key', async () => {
    const other = join(home.path, 'other.pem');
    await runCli(['keygen', other], { home: home.path });
    const { code, stderr } = await recover([await member()], ['--ledger-key', other]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^telltale: the ring knows no block of the lane [0-9a-f]{24}\n$/);
  });
});
