// `telltale import` as a process: what it says, its exit codes, and sources that break off. What it leaves in the database is in test/faults.

import { createServer, type ServerResponse } from 'node:http';
import { createTestDatabase, type TestDatabase } from '@telltale/database/testing';
import { toBase64, toHex } from '@telltale/ledger';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { useHomeFolder } from '../testing/home-folder.ts';
import { startLedgerServer } from '../testing/ledger-server.ts';
import { type CliResult, runCli, startCli } from '../testing/run-cli.ts';
import { DEVICE, LEDGER_KEY, makeLedger, ORIGIN } from '../testing/small-ledger.ts';

const home = useHomeFolder();
const ledger = makeLedger({ blocks: 4, perBlock: 3 });
const { lines } = ledger;
const textOf = (exported: readonly string[]) => `${exported.join('\n')}\n`;

let database: TestDatabase;
let variables: Record<string, string>;
beforeEach(async () => {
  database = await createTestDatabase(inject('testServer'));
  const pem = LEDGER_KEY.privateKey.export({ type: 'pkcs8', format: 'pem' });
  const keyFile = await home.write('ledger-key.pem', String(pem));
  variables = { DATABASE_URL: database.url, LEDGER_KEY_FILE: keyFile, DATA_DIR: home.path };
});
afterEach(() => database.drop());

const run = (args: readonly string[], input = ''): Promise<CliResult> =>
  runCli(['import', ...args], { home: home.path, input, variables });

describe('telltale import', () => {
  it('imports a file and says what is there now', async () => {
    const file = await home.write('ledger.jsonl', textOf(lines));
    const { code, stdout, stderr } = await run([file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^IMPORTED\. Every signature/);
    expect(stdout).toContain(ORIGIN);
    expect(stdout).toContain('12 of 1 device, under 1 key; 13 transactions in all');
  });

  it('imports standard input, and says it to a program with the names of verify', async () => {
    const { code, stdout } = await run(['-', '--json'], textOf(lines));
    const verified = await runCli(['verify', '-', '--json'], { home: home.path, input: textOf(lines) });
    const { verdict, is_trusted_key, trusted_by, by_device, kept, ...same } = JSON.parse(verified.stdout);
    expect(by_device[0].device).toBe(DEVICE);
    expect({ verdict, is_trusted_key, trusted_by, kept }).toMatchObject({ verdict: 'sound', is_trusted_key: false });
    expect({ code, ...JSON.parse(stdout) }).toEqual({ code: 0, verdict: 'imported', ...same });
    expect(same).toMatchObject({ key_id: toHex(LEDGER_KEY.key.keyId), public_key: toBase64(LEDGER_KEY.key.spki) });
  });

  it('imports what a receiver exports', async () => {
    const server = await startLedgerServer(ledger);
    expect(await run([server.url, '--json'])).toMatchObject({ code: 0 });
    await server.stop();
  });

  it('says what is wrong with an export in the words of verify, and exits with 1', async () => {
    const cut = lines.slice(0, -1);
    const { code, stdout } = await run(['-'], textOf(cut));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^NOT SOUND\. Nothing was imported/);
    expect(stdout).toContain(`The first thing that is wrong, in line ${cut.length + 1} of the export:`);
    expect(stdout).toContain('What it means: The tail is missing');
    const json = JSON.parse((await run(['-', '--json'], textOf(cut))).stdout);
    expect(json).toMatchObject({ verdict: 'not-sound', fault: { code: 'export-unfinished', line: cut.length + 1 } });
    // Nothing stands in its way.
    expect(await run(['-'], textOf(lines))).toMatchObject({ code: 0 });
  });
});

describe('telltale import of what cannot be imported', () => {
  it('exits with 2 and leaves the database empty when its source breaks off', async () => {
    const server = await startHalfServer((response) => response.destroy());
    const { code, stdout, stderr } = await run([server.url]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('stopped answering');
    server.stop();
    expect(await run(['-'], textOf(lines))).toMatchObject({ code: 0 });
  });

  it('exits with 2 and leaves the database empty when it is ended while it waits for its source', async () => {
    const asked = Promise.withResolvers<void>();
    const server = await startHalfServer(() => asked.resolve());
    const started = startCli(['import', server.url], { home: home.path, variables });
    await asked.promise;
    started.child.kill('SIGTERM');
    await started.ended;
    expect(started.result()).toMatchObject({ code: 2, stdout: '' });
    server.stop();
    expect(await run(['-'], textOf(lines))).toMatchObject({ code: 0 });
  });

  it.each([
    ['a file that is not there', ['nowhere.jsonl'], 'nowhere.jsonl cannot be read'],
    ['a folder', ['.'], '. cannot be read'],
    ['no input at all', ['-'], 'not one byte came'],
    ['a receiver that is away', ['http://127.0.0.1:9'], 'cannot be reached'],
    ['no argument', [], 'usage: telltale import'],
  ])('exits with 2 for %s', async (_what, args, words) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^telltale: /);
    expect(stderr).toContain(words);
  });

  it.each([
    ['a database that holds a ledger', {}, 'holds a ledger already'],
    ['a key file that is not there', { LEDGER_KEY_FILE: 'none.pem' }, 'LEDGER_KEY_FILE'],
    [
      'a database that is away',
      { DATABASE_URL: 'postgresql://nobody@127.0.0.1:9/none' },
      'Cannot connect to PostgreSQL',
    ],
    ['settings that cannot be used', { DATABASE_CONNECTIONS: 'many' }, 'DATABASE_CONNECTIONS'],
  ])('exits with 2 for %s, and tells what the receiver says of it', async (_what, change, words) => {
    if (Object.keys(change).length === 0) expect(await run(['-'], textOf(lines))).toMatchObject({ code: 0 });
    variables = { ...variables, ...change };
    const { code, stdout, stderr } = await run(['-'], textOf(lines));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^telltale: [^\n]+\n$/);
    expect(stderr).toContain(words);
    expect(JSON.parse((await run(['-', '--json'], textOf(lines))).stdout)).toMatchObject({
      verdict: 'could-not-check',
      code: 'refused',
    });
  });
});

/** A receiver that sends the beginning of its export, and then does this. */
async function startHalfServer(then: (response: ServerResponse) => void): Promise<{ url: string; stop(): void }> {
  const whole = textOf(lines);
  const server = createServer(({ url }, response) => {
    if (url === '/v1/ledger') {
      const head = { index: 1, hash: ledger.head.hash, log_size: 1 };
      response.end(JSON.stringify({ origin: ORIGIN, public_key: toBase64(LEDGER_KEY.key.spki), head }));
      return;
    }
    response.writeHead(200, { 'content-length': whole.length });
    response.write(whole.slice(0, 2_000), () => then(response));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
