// `telltale watch` as a process, on a receiver that seals what it must not, takes back what it showed, or mines its blocks anew.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { toBase64 } from '@telltale/ledger';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useHomeFolder } from '../testing/home-folder.ts';
import { ATTACKED_BLOCK, FIRST_ADDED_LEAF, honest, LEAF_ATTACKS } from '../testing/leaf-attacks.ts';
import { type LedgerServer, startLedgerServer } from '../testing/ledger-server.ts';
import { FEWER_BLOCKS, MINED_ANEW } from '../testing/mined-anew.ts';
import { runCli, startCli } from '../testing/run-cli.ts';
import { type SmallLedger, VERIFIER_KEY } from '../testing/small-ledger.ts';

const home = useHomeFolder();
let server: LedgerServer;
let state = '';
let runs = 0;
beforeAll(async () => {
  server = await startLedgerServer(honest);
});
afterAll(() => server.stop());
beforeEach(() => {
  server.show(honest);
  state = join(home.path, `watch-${++runs}.json`);
});

const args = () => ['watch', server.url, '--state', state, '--key', VERIFIER_KEY];
const lookOnce = (more: readonly string[] = []) => runCli([...args(), '--once', ...more], { home: home.path });
const headerOf = ({ builder }: SmallLedger, block: number) =>
  toBase64(builder.blocks[block]?.header ?? new Uint8Array(0));

describe('telltale watch of a receiver that seals what it must not', () => {
  it.each(LEAF_ATTACKS)('finds $what', async ({ forged, code, place, words }) => {
    expect((await lookOnce()).code).toBe(0);
    server.show(forged);
    const { code: exitCode, stdout } = await lookOnce();
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`NOT SOUND, in block ${ATTACKED_BLOCK}, leaf ${FIRST_ADDED_LEAF + place}: `);
    expect(stdout).toContain(`(${code}).`);
    expect(stdout).toContain(words);
  });

  it('finds a reading of an earlier look that is sealed a second time in a later one', async () => {
    const twice = LEAF_ATTACKS.find(({ code }) => code === 'transaction-twice')?.forged ?? honest;
    const { code, stdout } = await showLater(twice);
    expect(code).toBe(1);
    expect(stdout).toContain('the reading is sealed a second time (transaction-twice)');
  });
});

describe('telltale watch of blocks that were mined anew over the same log', () => {
  it.each(MINED_ANEW)('finds $what, and keeps both headers', async ({ original, forged, firstBlock }) => {
    server.show(original);
    expect((await lookOnce()).code).toBe(0);
    server.show(forged);
    expect(forged.checkpoint).toBe(original.checkpoint);
    const { code, stdout } = await lookOnce(['--json']);
    expect(code).toBe(1);
    const found = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(found).toMatchObject({ event: 'not-sound', code: 'two-blocks' });
    expect(found.message).toContain(`the ledger signed two different blocks ${found.block_index}`);
    expect(found.message).toContain('it made its past anew after it had shown it');
    expect(found.block_index).toBeGreaterThanOrEqual(firstBlock);
    expect(JSON.parse(await readFile(found.evidence_file, 'utf8'))).toMatchObject({
      first: { header: headerOf(original, found.block_index) },
      second: { header: headerOf(forged, found.block_index) },
    });
  });

  it('finds the same log in fewer blocks, and keeps both headers', async () => {
    const { original, forged } = FEWER_BLOCKS;
    server.show(original);
    expect((await lookOnce()).code).toBe(0);
    server.show(forged);
    const { code, stdout } = await lookOnce(['--json']);
    expect(code).toBe(1);
    const found = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(found).toMatchObject({ event: 'not-sound', code: 'blocks-redone', block_index: 1 });
    expect(found.message).toContain('closed 13 transactions with block 4, and now 13 with block 1 already');
    expect(JSON.parse(await readFile(found.evidence_file, 'utf8'))).toMatchObject({
      first: { header: headerOf(original, 4) },
      second: { header: headerOf(forged, 1) },
    });
  });

  it('finds it while it runs, though it asks for nothing but the newest block', async () => {
    const [attack] = MINED_ANEW;
    if (!attack) throw new Error('there is no such attack');
    server.show(attack.original);
    const { code, stdout } = await showLater(attack.forged);
    expect(code).toBe(1);
    expect(stdout).toContain('(two-blocks)');
    expect(server.asked.at(-1)).toBe(attack.original.head.index);
  });
});

describe('telltale watch of a receiver that takes back what it showed', () => {
  it('finds blocks that are gone though the checkpoint stayed', async () => {
    const { original } = MINED_ANEW[0] ?? { original: honest };
    server.show(original);
    const { code, stdout } = await showLater(honest, original.checkpoint);
    expect(code).toBe(1);
    expect(stdout).toContain(`the ledger does not show block ${original.head.index} any more, which it signed`);
    expect(stdout).toContain('its end was taken away (rollback)');
  });
});

/** What a monitor says that runs while the receiver changes what it shows. */
async function showLater(later: SmallLedger, checkpoint?: string) {
  const started = startCli([...args(), '--every', '1'], { home: home.path });
  const deadline = Date.now() + 30_000;
  while (!started.result().stdout.includes('sound: ') && Date.now() < deadline) await wait(20);
  server.show(later, checkpoint);
  await started.ended;
  return started.result();
}
