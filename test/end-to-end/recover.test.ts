// `telltale recover` out of a real ring: four receivers, one of which is killed and loses its database, gets its ledger back from the three others, and
// goes on with it. What the command says of rings that are not whole: packages/cli/src/recover.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type CliResult, runCli } from '../../packages/cli/src/testing/run-cli.ts';
import { until } from '../../packages/peering/src/testing/until.ts';
import { mustAccept, type TestReceipt } from '../../services/receiver/src/testing/post-readings.ts';
import { type ReceiverProcess, spawnReceiver } from '../../services/receiver/src/testing/receiver-process.ts';
import { makeDevice } from '../../services/receiver/src/testing/test-device.ts';
import { makeTestLedger, type TestLedger } from '../faults/ledger-in-a-folder.ts';

const SIZE = 4;
const SHARED = {
  PEER_TOKEN: 'a-token-of-a-ring-that-recovers',
  RING_SIZE: String(SIZE),
  TRANSACTIONS_PER_BLOCK: '3',
  BLOCK_MAX_WAIT_MS: '20',
};
/** A command that reads a ledger, on a machine that is busy. */
const stepTimeoutMs = 120_000;

const status = z.object({
  mode: z.string(),
  members_seen: z.number(),
  lane: z.object({ id: z.string(), next_block: z.number(), conflicts: z.number() }),
});
const ringOf = async (url: string) => status.parse(await (await fetch(`${url}/v1/ring`)).json());
const textOf = async (url: string) => (await fetch(url)).text();

describe('a receiver of a ring that lost its database', () => {
  const ledgers: TestLedger[] = [];
  const others: ReceiverProcess[] = [];
  const device = makeDevice();
  let seq = 0;
  /** Its key, whose folder was not lost, and the variables of its new, empty database. */
  let keyFile: string;
  let variables: Record<string, string>;
  let lost: ReceiverProcess;
  /** What was kept of it before. */
  let exported: string;
  let laneBefore: z.infer<typeof status>['lane'];
  let kept: string[];

  const start = async (of: Record<string, string>, boot: ReceiverProcess | undefined): Promise<ReceiverProcess> => {
    const more = boot ? { PEER_ADDR: new URL(boot.url).host } : { PEERING: '1' };
    return spawnReceiver({ cwd: of['DATA_DIR'] ?? '', variables: { ...of, ...SHARED, ...more } });
  };
  const makeLedger = async (): Promise<TestLedger> => {
    const ledger = await makeTestLedger();
    ledgers.push(ledger);
    return ledger;
  };
  const send = (url: string, readings: number): Promise<TestReceipt[]> => {
    const envelopes = Array.from({ length: readings }, () => device.envelope(`{"device":"pump","seq":${seq++}}`));
    return mustAccept(url, `[${envelopes.join(',')}]`, '?ack=quorum');
  };
  const telltale = (args: readonly string[]): Promise<CliResult> =>
    runCli(args, { home: ledgers[0]?.folder ?? '', variables });

  beforeAll(async () => {
    for (let i = 0; i < SIZE - 1; i++) others.push(await start((await makeLedger()).variables, others[0]));
    const ledger = await makeLedger();
    lost = await start(ledger.variables, others[0]);
    keyFile = join(ledger.folder, 'ledger-key.pem');
    variables = { ...(await makeLedger()).variables, DATA_DIR: ledger.folder };
  }, stepTimeoutMs);

  afterAll(async () => {
    await Promise.all([...others, lost].map((receiver) => receiver?.stop()));
    for (const ledger of ledgers) await ledger.remove();
  });

  it('has readings in the ring, and is killed', { timeout: stepTimeoutMs }, async () => {
    await until(async () => {
      const views = await Promise.all([...others, lost].map(({ url }) => ringOf(url)));
      return views.every(({ mode, members_seen: seen }) => mode === 'member' && seen === SIZE);
    }, 'all are members that see each other');
    const folder = ledgers[0]?.folder ?? '';
    const receipts: TestReceipt[] = [];
    for (const readings of [1, 7, 3, 10]) receipts.push(...(await send(lost.url, readings)));
    await send(others[1]?.url ?? '', 5);
    await writeFile(join(folder, 'receipts.json'), JSON.stringify({ receipts }));
    await writeFile(join(folder, 'checkpoint.txt'), await textOf(`${lost.url}/checkpoint`));
    kept = ['--receipt', join(folder, 'receipts.json'), '--checkpoint', join(folder, 'checkpoint.txt')];
    exported = await textOf(`${lost.url}/v1/export`);
    laneBefore = (await ringOf(lost.url)).lane;
    await lost.kill();
  });

  it('may even be started on an empty database: nothing of that goes to the ring', {
    timeout: stepTimeoutMs,
  }, async () => {
    const { variables: empty } = await makeLedger();
    const mistaken = await start({ ...empty, DATA_DIR: variables['DATA_DIR'] ?? '' }, others[0]);
    try {
      await until(async () => (await ringOf(mistaken.url)).lane.conflicts > 0, 'it sees its own lane in the ring');
      const body = `[${device.envelope('{"device":"pump","seq":-1}')}]`;
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${mistaken.url}/receive_data?ack=quorum`, { method: 'POST', headers, body });
      expect(answer.status).toBe(503);
      expect((await ringOf(mistaken.url)).lane).toMatchObject({ id: laneBefore.id, next_block: 0, conflicts: 1 });
    } finally {
      await mistaken.kill();
    }
  });

  it('gets from the others, byte for byte, what it would have exported', { timeout: stepTimeoutMs }, async () => {
    const out = join(ledgers[0]?.folder ?? '', 'recovered.jsonl');
    // The one that is gone too: whoever asks need not know who is there.
    const ring = [lost, ...others].flatMap(({ url }) => ['--ring', url]);
    const { code, stdout, stderr } = await telltale([
      'recover',
      ...ring,
      '--ledger-key',
      keyFile,
      '--out',
      out,
      ...kept,
    ]);
    expect({ code, stdout, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`${lost.url} is left out`),
    });
    expect(stdout).toMatch(/^RECOVERED\. \d+ blocks \(genesis among them\) with 21 readings came back from the ring/);
    expect(stdout).toContain('all of it is signed by the ledger');
    expect(stdout).not.toContain('signed several blocks');
    expect(await readFile(out, 'utf8')).toBe(exported);
  });

  it('goes on in the ring from the same head, as if nothing had been', { timeout: stepTimeoutMs }, async () => {
    lost = await start(variables, others[0]);
    expect(await textOf(`${lost.url}/v1/export`)).toBe(exported);
    await until(async () => (await ringOf(lost.url)).mode === 'member', 'it is a member again');
    const [receipt] = await send(lost.url, 4);
    expect(receipt?.leaf_index).toBeGreaterThanOrEqual(21);
    const { lane } = await ringOf(lost.url);
    expect(lane).toMatchObject({ id: laneBefore.id, conflicts: 0 });
    expect(lane.next_block).toBeGreaterThan(laneBefore.next_block);
    expect(await telltale(['verify', lost.url, ...kept])).toMatchObject({ code: 0 });
    // Nobody has heard two things of one height.
    const views = await Promise.all(others.map(({ url }) => ringOf(url)));
    expect(views.map((view) => view.lane.conflicts)).toEqual([0, 0, 0]);
  });
});
