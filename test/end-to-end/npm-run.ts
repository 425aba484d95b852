// `npm start` and `npm run ring` as tests see them: real npm in a terminal's process group, its output, a Ctrl-C; and ports for them.

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** One run, in a process group of its own as a terminal would have it. */
export class NpmRun {
  private readonly command: string;
  private readonly child: ChildProcess;
  output = '';
  /** Exit code, or the signal that ended npm. */
  end: number | NodeJS.Signals | undefined;
  private isKilled = false;
  private readonly listeners = new Set<() => void>();

  constructor(args: readonly string[], environment: Record<string, string>) {
    this.command = ['npm', ...args].join(' ');
    const { DATABASE_URL: _, ...inherited } = process.env;
    this.child = spawn('npm', args, { cwd: root, env: { ...inherited, ...environment }, detached: true });
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
      if (this.end !== undefined) throw new Error(`${this.command} ended with ${this.end}:\n${this.output}`);
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

/** A server that has this port. 0: any. */
export function listen(port: number): Promise<Server> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(port, '127.0.0.1', () => done(server));
  });
}

/** Where it listens. */
export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

/** One that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = await listen(0);
  const port = portOf(server);
  await new Promise((done) => server.close(done));
  return port;
}
