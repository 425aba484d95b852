// `npm start` as a newcomer meets it: real npm, real processes, a terminal's Ctrl-C, a second start, a port in use.

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort, listen, NpmRun, portOf } from './npm-run.ts';

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // ESRCH: there is no such process.
    return false;
  }
}

async function chainOf(url: string): Promise<{ index: number; hash: string; data: unknown }[]> {
  const answer = await fetch(`${url}/get_chain`);
  return (await answer.json()) as { index: number; hash: string; data: unknown }[];
}

describe('npm start', () => {
  let folder: string;
  let environment: Record<string, string>;
  const runs: NpmRun[] = [];

  const start = (more: Record<string, string> = {}) => {
    const run = new NpmRun(['start'], { ...environment, ...more });
    runs.push(run);
    return run;
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'telltale-start-'));
    const [receiverPort, senderPort] = [await freePort(), await freePort()];
    environment = { DATA_DIR: join(folder, 'data'), RECEIVER_PORT: `${receiverPort}`, SENDER_PORT: `${senderPort}` };
  });

  afterEach(async () => {
    for (const run of runs.splice(0)) {
      run.pressCtrlC();
      await run.ended();
    }
    await rm(folder, { recursive: true, force: true });
  });

  it('seals readings, ends cleanly on Ctrl-C, and goes on with the same chain', async () => {
    const first = start();
    const [, url = ''] = await first.until(/receiver {2}(http:\S+)/);
    await first.until(/block 2 {2}2 readings {2}00[0-9a-f]{62}/);
    expect(first.output).toMatch(/Swagger UI http:\S+\/apidocs\//);
    const before = await chainOf(url);
    expect(before[1]?.data).toMatchObject([{ device: 'Raspberry Pi 1' }, { device: 'Raspberry Pi 2' }]);
    const postmaster = await readFile(join(folder, 'data/postgres/postmaster.pid'), 'utf8');
    const postgresPid = Number(postmaster.split('\n')[0]);
    expect(isRunning(postgresPid)).toBe(true);

    first.pressCtrlC();
    // npm, once its script has ended well, ends by the signal that it got itself.
    expect([0, 'SIGINT'], first.output).toContain(await first.ended());
    expect(isRunning(postgresPid)).toBe(false);
    expect(existsSync(join(folder, 'data/postgres/postmaster.pid'))).toBe(false);
    await expect(fetch(url)).rejects.toThrow();

    const second = start();
    await second.until(/block \d+ /);
    const after = await chainOf(url);
    expect(after.length).toBeGreaterThan(before.length);
    expect(after.slice(0, before.length)).toEqual(before);
    const validation = await fetch(`${url}/validate_chain`);
    expect(await validation.json()).toMatchObject({ valid: true });
  });

  it('says in one line that a port is in use, and leaves nothing running', async () => {
    const other = await listen(0);
    try {
      const run = start({ RECEIVER_PORT: `${portOf(other)}` });
      expect(await run.ended()).toBe(1);
      const lines = run.output.split('\n').filter((line) => line.includes('in use'));
      expect(lines).toEqual([expect.stringContaining(`port ${portOf(other)} is in use`)]);
      expect(run.output).not.toMatch(/\n\s+at /);
      expect(existsSync(join(folder, 'data/postgres/postmaster.pid'))).toBe(false);
    } finally {
      await new Promise((done) => other.close(done));
    }
  });

  it('ends its services when it is killed outright', async () => {
    const run = start();
    const [, url = ''] = await run.until(/receiver {2}(http:\S+)/);
    await run.until(/block 1 /);
    run.killOutright();
    await run.ended();
    // The services hear that their parent is gone and stop by themselves: the receiver last, with its database.
    const postmasterFile = join(folder, 'data/postgres/postmaster.pid');
    await expect.poll(() => existsSync(postmasterFile), { timeout: 30_000 }).toBe(false);
    await expect(fetch(url)).rejects.toThrow();
  });
});
