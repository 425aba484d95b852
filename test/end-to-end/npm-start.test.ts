// `npm start` as a newcomer meets it: real npm, real processes, a terminal's Ctrl-C, a second start, a port in use.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** One run of `npm start`, in a process group of its own as a terminal would have it. */
class Run {
  readonly child: ChildProcess;
  output = '';
  /** Exit code, or the signal that ended npm. */
  end: number | NodeJS.Signals | undefined;
  private isKilled = false;
  private readonly listeners = new Set<() => void>();

  constructor(environment: Record<string, string>) {
    const { DATABASE_URL: _, ...inherited } = process.env;
    this.child = spawn('npm', ['start'], { cwd: root, env: { ...inherited, ...environment }, detached: true });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.notify();
      });
    }
    this.child.once('exit', (code, signal) => {
      this.end = code ?? signal ?? undefined;
      this.notify();
    });
  }

  /** Resolves once the output matches; rejects if the run ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray> {
    return this.watch(() => {
      const match = pattern.exec(this.output);
      if (match) return match;
      if (this.end !== undefined) throw new Error(`npm start ended with ${this.end}:\n${this.output}`);
      return undefined;
    });
  }

  ended(): Promise<number | NodeJS.Signals> {
    return this.watch(() => this.end);
  }

  /** What a terminal does on Ctrl-C: SIGINT to the whole group. */
  pressCtrlC(): void {
    if (this.child.pid !== undefined && this.end === undefined && !this.isKilled)
      process.kill(-this.child.pid, 'SIGINT');
  }

  /** SIGKILL to npm and the start script; their services are in groups of their own. */
  killOutright(): void {
    if (this.child.pid !== undefined) process.kill(-this.child.pid, 'SIGKILL');
    this.isKilled = true;
  }

  private watch<T>(look: () => T | undefined): Promise<T> {
    return new Promise((done, fail) => {
      const check = () => {
        try {
          const found = look();
          if (found === undefined) return;
          this.listeners.delete(check);
          done(found);
        } catch (error) {
          this.listeners.delete(check);
          fail(error);
        }
      };
      this.listeners.add(check);
      check();
    });
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => done(server));
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

async function freePort(): Promise<number> {
  const server = await listen(0);
  const port = portOf(server);
  await new Promise((done) => server.close(done));
  return port;
}

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
  const runs: Run[] = [];

  const start = (more: Record<string, string> = {}) => {
    const run = new Run({ ...environment, ...more });
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
