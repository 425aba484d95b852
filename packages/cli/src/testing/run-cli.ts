// The CLI as its users run it: a process of its own, with a home folder of its own and nothing of this process's environment.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
const REPORT_MEMORY = new URL('./report-memory.ts', import.meta.url).href;

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Most memory that the process ever held. */
  readonly maxRssBytes: number;
}

export interface CliRun {
  /** Where `~` is. */
  readonly home: string;
  readonly input?: string;
  readonly variables?: Readonly<Record<string, string>>;
}

/** Runs it to its end. */
export async function runCli(args: readonly string[], run: CliRun): Promise<CliResult> {
  const started = startCli(args, run);
  await started.ended;
  return started.result();
}

/** Starts it. `result` tells what it wrote so far. */
export function startCli(
  args: readonly string[],
  { home, input, variables }: CliRun,
): { child: ChildProcess; ended: Promise<unknown>; result: () => CliResult } {
  const child = spawn(process.execPath, ['--import', REPORT_MEMORY, MAIN, ...args], {
    cwd: home,
    env: { PATH: process.env['PATH'] ?? '', HOME: home, ...variables },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const [, stdout, stderr, memory] = child.stdio.map((stream) => {
    let text = '';
    stream?.on('data', (chunk) => {
      text += String(chunk);
    });
    return () => text;
  });
  // A command that does not read its input may be gone before it is written.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input ?? '');
  const result = () => ({
    code: child.exitCode,
    stdout: stdout?.() ?? '',
    stderr: stderr?.() ?? '',
    maxRssBytes: Number(memory?.() ?? Number.NaN) * 1024,
  });
  return { child, ended: once(child, 'close'), result };
}
