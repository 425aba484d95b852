// An import is all or nothing: whatever is wrong with the export, whoever comes meanwhile, and however the process ends.

import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asHash, toBase64 } from '@telltale/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../packages/cli/src/testing/run-cli.ts';
import {
  LEDGER_KEY,
  makeLedger,
  ORIGIN,
  otherRoot,
  signedCheckpoint,
  withHeader,
  withLeaves,
} from '../../packages/cli/src/testing/small-ledger.ts';
import { testKey } from '../../packages/ledger/src/testing/signing-key.ts';
import { runImport, startImport } from '../../services/receiver/src/testing/import-process.ts';
import { validateChainOf } from '../../services/receiver/src/testing/post-readings.ts';
import { runReceiverToExit, spawnReceiver } from '../../services/receiver/src/testing/receiver-process.ts';
import { readTables, type TableContents } from '../../services/receiver/src/testing/table-contents.ts';
import { until } from '../../services/receiver/src/testing/until.ts';
import { makeTestLedger, type TestLedger } from './ledger-in-a-folder.ts';

/** More leaves than are written at once, so that some are when the end is reached. */
const source = makeLedger({ blocks: 60, perBlock: 50 });
const { lines } = source;
/** A line towards the end, and the lines before it. */
const LATE = 55;
const late = lines[LATE] ?? '';
const begun = lines.slice(0, LATE);

let ledger: TestLedger;
let empty: TableContents;
beforeEach(async () => {
  ledger = await makeTestLedger();
  await writeKey(join(ledger.folder, 'ledger-key.pem'), LEDGER_KEY.privateKey);
  empty = await readTables(ledger.pool);
});
afterEach(() => ledger.remove());

const at = () => ({ cwd: ledger.folder, variables: ledger.variables });
const isEmpty = async () => expect(await readTables(ledger.pool)).toEqual(empty);

function writeKey(file: string, key: { export(as: { type: 'pkcs8'; format: 'pem' }): string | Buffer }): Promise<void> {
  return writeFile(file, key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
}

/** Until a process that imports has written leaves that nobody sees yet. */
function untilWriting(): Promise<void> {
  return until('leaves are written', async () => {
    const { rowCount } = await ledger.pool.query(
      `SELECT FROM pg_locks WHERE relation = 'leaves'::regclass AND mode = 'RowExclusiveLock' AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    return (rowCount ?? 0) > 0;
  });
}

/** Until somebody else waits for the lock of genesis. */
function untilWaiting(): Promise<void> {
  return until('another process waits', async () => {
    const { rowCount } = await ledger.pool.query(
      `SELECT FROM pg_locks WHERE relation = 'ledger'::regclass AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    return (rowCount ?? 0) > 0;
  });
}

describe('an export that is not sound', () => {
  const flipped = (leaf: Buffer, i: number) => Buffer.from(leaf.with(i, (leaf[i] ?? 0) ^ 1));
  const changed = (change: (leaf: Buffer) => Buffer) =>
    withLeaves(late, (leaves) => leaves.map((leaf, n) => (n === 1 ? change(leaf) : leaf)));
  const block = JSON.parse(late);

  it.each([
    [
      'a message that was changed',
      lines.with(
        LATE,
        changed((leaf) => flipped(leaf, leaf.length - 4)),
      ),
      'signature',
    ],
    [
      'a signature that was changed',
      lines.with(
        LATE,
        changed((leaf) => flipped(leaf, 50)),
      ),
      'signature',
    ],
    [
      'a reading of a key that nobody enrolled',
      lines.with(
        LATE,
        changed((leaf) => flipped(leaf, 20)),
      ),
      'key-unknown',
    ],
    [
      'a leaf that is gone',
      lines.with(
        LATE,
        withLeaves(late, (leaves) => leaves.slice(1)),
      ),
      'log-size',
    ],
    [
      'a leaf that stands there twice',
      lines.with(
        LATE,
        withLeaves(late, (all) => all.with(1, all[0] ?? Buffer.of())),
      ),
      'transaction-twice',
    ],
    [
      'a header that was changed and signed anew',
      lines.with(
        LATE,
        withHeader(late, (header) => header.fill(7, 64, 96)),
      ),
      undefined,
    ],
    [
      'a block signature of somebody else',
      lines.with(LATE, JSON.stringify({ ...block, signature: toBase64(testKey(8).sign(Buffer.from('x'))) })),
      'block-signature',
    ],
    ['a block that is gone', lines.toSpliced(LATE, 1), 'index'],
    ['a line that is no JSON', lines.with(LATE, late.slice(0, -9)), 'export-line'],
    ['an end that was cut off', lines.slice(0, -1), 'export-unfinished'],
    [
      'a checkpoint of another root',
      lines.with(-1, JSON.stringify({ checkpoint: otherRoot(source) })),
      'checkpoint-root',
    ],
    [
      'a checkpoint of another size',
      lines.with(-1, JSON.stringify({ checkpoint: signedCheckpoint({ size: 4, root: asHash(LEDGER_KEY.key.keyId) }) })),
      'checkpoint-size',
    ],
    ['something behind its checkpoint', [...lines, late], 'export-order'],
    ['no ledger in its first line', lines.slice(1), 'export-order'],
  ])('imports nothing of %s, and names its place', async (_what, exported, code) => {
    const { code: exitCode, stdout } = await runCli(['import', '-', '--json'], {
      home: ledger.folder,
      input: `${exported.join('\n')}\n`,
      variables: ledger.variables,
    });
    const verdict = JSON.parse(stdout);
    expect({ exitCode, ...verdict }).toMatchObject({ exitCode: 1, verdict: 'not-sound' });
    if (code !== undefined) expect(verdict.fault.code).toBe(code);
    const verified = await runCli(['verify', '-', '--json', '--key', toBase64(LEDGER_KEY.key.spki)], {
      home: ledger.folder,
      input: `${exported.join('\n')}\n`,
    });
    const { line, block_index, leaf_index, message } = JSON.parse(verified.stdout).fault;
    expect(verdict.fault).toMatchObject({ line, block_index, leaf_index, message });
    await isEmpty();
  });
});

describe('an import into a ledger that could not go on', () => {
  it('needs the ledger’s own key, and writes nothing without it', async () => {
    const other = join(ledger.folder, 'other.pem');
    await writeKey(other, generateKeyPairSync('ed25519').privateKey);
    const { cwd, variables } = at();
    for (const [change, code] of [
      [{ LEDGER_KEY_FILE: other }, 'ledger-mismatch'],
      [{ LEDGER_KEY_FILE: join(ledger.folder, 'none.pem') }, 'ledger-key'],
      [{ LEDGER_ORIGIN: 'other.example' }, 'ledger-mismatch'],
    ] as const) {
      const result = await runImport({ cwd, variables: { ...variables, ...change }, lines });
      expect(result).toMatchObject({ code: 2, report: { kind: 'refused', code }, errorText: '' });
      await isEmpty();
    }
  });

  it('is refused where a receiver has founded a ledger, even with the same key', async () => {
    const receiver = await spawnReceiver(at());
    await receiver.stop();
    const founded = await readTables(ledger.pool);
    const result = await runImport({ ...at(), lines });
    expect(result).toMatchObject({ code: 2, report: { kind: 'refused', code: 'ledger-not-empty' } });
    expect(await readTables(ledger.pool)).toEqual(founded);
  });
});

describe('an import that is ended half-way', () => {
  it('leaves an empty database after kill -9, into which the export can be imported then', async () => {
    const killed = startImport(at());
    killed.write(begun);
    await untilWriting();
    killed.child.kill('SIGKILL');
    expect(await killed.ended()).toMatchObject({ code: null });
    await isEmpty();
    expect(await runImport({ ...at(), lines })).toMatchObject({ code: 0, report: { kind: 'imported' } });
  });

  it('leaves an empty database after a signal, and says so', async () => {
    const stopped = startImport(at());
    stopped.write(begun);
    await untilWriting();
    stopped.child.kill('SIGTERM');
    expect(await stopped.ended()).toMatchObject({
      code: 2,
      report: { kind: 'refused', code: 'stopping' },
      errorText: '',
    });
    await isEmpty();
  });

  it('leaves an empty database when its own is ended under it', async () => {
    const cut = startImport(at());
    cut.write(begun);
    await untilWriting();
    await ledger.pool.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'telltale-receiver' AND datname = current_database()`,
    );
    expect(await cut.end(lines.slice(LATE))).toMatchObject({ code: 2, report: { kind: 'refused' } });
    await isEmpty();
  });
});

describe('an import beside others', () => {
  it('makes a second import wait, which then finds a ledger there', async () => {
    const first = startImport(at());
    first.write(begun);
    await untilWriting();
    const second = startImport(at());
    const refused = second.end(lines);
    await untilWaiting();
    expect(await first.end(lines.slice(LATE))).toMatchObject({ code: 0 });
    expect(await refused).toMatchObject({ code: 2, report: { kind: 'refused', code: 'ledger-not-empty' } });
    const receiver = await spawnReceiver(at());
    expect(await validateChainOf(receiver.url)).toMatchObject({ valid: true, leaves: source.size });
    await receiver.stop();
  });

  it('makes a receiver that starts meanwhile wait, which then goes on with the imported ledger', async () => {
    const running = startImport(at());
    running.write(begun);
    await untilWriting();
    const starting = spawnReceiver(at());
    await untilWaiting();
    expect(await running.end(lines.slice(LATE))).toMatchObject({ code: 0 });
    const receiver = await starting;
    expect(await validateChainOf(receiver.url)).toMatchObject({ valid: true, leaves: source.size });
    expect(await (await fetch(`${receiver.url}/v1/export`)).text()).toBe(`${lines.join('\n')}\n`);
    await receiver.stop();
  });

  it('is named to whoever waits too long, and goes on for as long as its source needs', async () => {
    const { cwd, variables } = at();
    const impatient = (settings: string) => {
      const url = ledger.database.url;
      return { cwd, variables: { ...variables, DATABASE_URL: `${url}${url.includes('?') ? '&' : '?'}${settings}` } };
    };
    const running = startImport(impatient('idle_in_transaction_session_timeout=200'));
    running.write(begun);
    await untilWriting();
    const { code, errorText } = await runReceiverToExit(impatient('lock_timeout=100'));
    expect(code).toBe(1);
    expect(errorText).toMatch(/^receiver: another process is importing[^\n]+\n$/);
    const refused = await runImport({ ...impatient('lock_timeout=100'), lines });
    expect(refused).toMatchObject({ code: 2, report: { kind: 'refused', code: 'ledger-busy' } });
    await until('the import has waited longer than other transactions may', async () => {
      const { rowCount } = await ledger.pool.query(
        `SELECT FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()
            AND clock_timestamp() - state_change > interval '400 milliseconds'`,
      );
      return rowCount === 1;
    });
    expect(await running.end(lines.slice(LATE))).toMatchObject({ code: 0, report: { kind: 'imported' } });
  });
});

describe('an import into the embedded PostgreSQL', () => {
  it('needs a data folder with the ledger’s key in it and nothing else', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'telltale-import-'));
    try {
      await writeKey(join(cwd, 'ledger-key.pem'), LEDGER_KEY.privateKey);
      const variables = { DATA_DIR: cwd };
      expect(await runImport({ cwd, variables, lines })).toMatchObject({ code: 0, report: { origin: ORIGIN } });
      const receiver = await spawnReceiver({ cwd, variables });
      expect(await (await fetch(`${receiver.url}/v1/export`)).text()).toBe(`${lines.join('\n')}\n`);
      expect(await receiver.stop()).toBe(0);
    } finally {
      await rm(cwd, { recursive: true, force: true });
    }
  });
});
