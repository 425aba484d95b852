// `npm run ring` as a newcomer meets it: four receivers find each other, one is killed and comes back while the others go on, Ctrl-C ends them all.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../../packages/peering/src/testing/until.ts';
import { freePort, NpmRun } from './npm-run.ts';

const RECEIVERS = 4;
/** Five services with four databases of their own start, on a machine that is busy. */
const stepTimeoutMs = 180_000;

const status = z.object({ mode: z.string(), members_seen: z.number(), lane: z.object({ next_block: z.number() }) });

describe('npm run ring', () => {
  let folder: string;
  let run: NpmRun;
  const urls: string[] = [];
  const ringOf = async (url: string) => status.parse(await (await fetch(`${url}/v1/ring`)).json());

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'telltale-npm-ring-'));
    const names = ['RING_SENDER_PORT', ...Array.from({ length: RECEIVERS }, (_, i) => `RING_RECEIVER_PORT_${i + 1}`)];
    const ports: [string, string][] = [];
    for (const name of names) ports.push([name, `${await freePort()}`]);
    run = new NpmRun(['run', 'ring'], { DATA_DIR: folder, ...Object.fromEntries(ports) });
  });

  afterAll(async () => {
    run?.pressCtrlC();
    await run?.ended();
    await rm(folder, { recursive: true, force: true });
  });

  it('shows where four receivers are, which find each other', { timeout: stepTimeoutMs }, async () => {
    await run.until(/Ctrl-C stops everything/);
    for (const [, url = ''] of run.output.matchAll(/^ {2}receiver \d {2}(http:\S+) /gm)) urls.push(url);
    expect(urls).toHaveLength(RECEIVERS);
    await until(async () => {
      const views = await Promise.all(urls.map(ringOf));
      return views.every(({ mode, members_seen: seen }) => mode === 'member' && seen === RECEIVERS);
    }, 'all are members that see each other');
    expect(run.output).toMatch(/^receiver 2: member of the ring, followed by receiver \d/m);
  });

  it('seals what the sender sends, also while a receiver that was killed comes back', {
    timeout: stepTimeoutMs,
  }, async () => {
    await run.until(/^receiver 1: blocks? [^\n]* 00[0-9a-f]{62} /m);
    const [, pid] = await run.until(/^ {2}receiver 3 .* process (\d+)$/m);
    process.kill(Number(pid), 'SIGKILL');
    await run.until(/^receiver 3: ended; it is started again/m);
    const { lane } = await ringOf(urls[0] ?? '');
    await until(async () => {
      return (await ringOf(urls[0] ?? '')).lane.next_block > lane.next_block;
    }, 'the ring takes blocks without it');
    await run.until(/^receiver 3: listens again, process \d+$/m);
    await until(async () => (await ringOf(urls[2] ?? '')).mode === 'member', 'it is a member again');
  });

  it('ends with everything that it started', { timeout: stepTimeoutMs }, async () => {
    run.pressCtrlC();
    // npm, once its script has ended well, ends by the signal that it got itself.
    expect([0, 'SIGINT'], run.output).toContain(await run.ended());
    for (const url of urls) await expect(fetch(url)).rejects.toThrow();
  });
});
