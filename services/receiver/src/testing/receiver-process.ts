// The receiver as its users run it: a process of its own on a free port, which a test can kill.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

const line = z.looseObject({ level: z.number(), msg: z.string(), url: z.string().optional() });
type Line = z.infer<typeof line>;

export interface ReceiverProcess {
  readonly url: string;
  readonly pid: number;
  /** What it logged so far. */
  readonly log: readonly Line[];
  /** What it wrote to its standard error so far: nothing, unless it failed. */
  errorText(): string;
  /** Whether the process is gone, for whatever reason. */
  hasEnded(): boolean;
  /** SIGKILL; returns when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; gives the exit code. Fine for a process that has ended already. */
  stop(): Promise<number | null>;
}

/** Little work for the miner, and nothing of this process's environment but where programs are. */
const environmentOf = (variables: Record<string, string>) => ({
  PATH: process.env['PATH'] ?? '',
  PORT: '0',
  DIFFICULTY: '1',
  ...variables,
});

/** Starts a receiver in `cwd` and waits until it listens. `command`: the arguments of node; the receiver's file alone, where it is not given. */
export async function spawnReceiver(options: {
  cwd: string;
  variables: Record<string, string>;
  command?: readonly string[];
}): Promise<ReceiverProcess> {
  const child = spawn(process.execPath, options.command ?? [MAIN], {
    cwd: options.cwd,
    env: environmentOf(options.variables),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  const errorText = collect(child);
  const log: Line[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    exited.then(() => reject(new Error(`the receiver ended before it listened: ${errorText()}`)), reject);
    createInterface({ input: child.stdout }).on('line', (text) => {
      const entry = line.parse(JSON.parse(text));
      log.push(entry);
      if (entry.msg === 'receiver listening' && entry.url !== undefined) resolve(entry.url);
    });
  });
  if (child.pid === undefined) throw new Error('the receiver has no process id');
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
    return child.exitCode;
  };
  return {
    url,
    pid: child.pid,
    log,
    errorText,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async kill() {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
  };
}

/** Runs a receiver that is expected not to start. */
export async function runReceiverToExit(options: {
  cwd: string;
  variables: Record<string, string>;
}): Promise<{ code: number | null; errorText: string }> {
  const child = spawn(process.execPath, [MAIN], {
    cwd: options.cwd,
    env: environmentOf(options.variables),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const errorText = collect(child);
  await once(child, 'close');
  return { code: child.exitCode, errorText: errorText() };
}

function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += String(chunk);
  });
  return () => text;
}
