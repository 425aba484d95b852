// The receiver's import as operators run it: a process of its own, which a test can feed slowly and kill.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const MAIN = fileURLToPath(new URL('../import-main.ts', import.meta.url));

const reportLine = z.looseObject({ kind: z.string() });

export interface ImportResult {
  /** null: killed. */
  readonly code: number | null;
  /** Kinds of the lines before the last one. */
  readonly before: readonly string[];
  /** The last line. */
  readonly report: z.infer<typeof reportLine>;
  readonly errorText: string;
}

export interface RunningImport {
  readonly child: ChildProcess;
  /** Writes lines, each with its line feed; the input stays open. */
  write(lines: readonly string[]): void;
  /** Ends the input and waits for the process. */
  end(lines?: readonly string[]): Promise<ImportResult>;
  /** Waits for the process. */
  ended(): Promise<ImportResult>;
}

/** Starts an import in `cwd` with nothing of this process's environment but where programs are. */
export function startImport(options: { cwd: string; variables: Record<string, string> }): RunningImport {
  const child = spawn(process.execPath, [MAIN], {
    cwd: options.cwd,
    env: { PATH: process.env['PATH'] ?? '', LOG_LEVEL: 'warn', ...options.variables },
    stdio: 'pipe',
  });
  const closed = once(child, 'close');
  let said = '';
  let errorText = '';
  child.stdout.on('data', (chunk) => {
    said += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    errorText += String(chunk);
  });
  // One that has read enough closes its input.
  child.stdin.on('error', () => undefined);
  const write = (lines: readonly string[]) => void child.stdin.write(lines.map((line) => `${line}\n`).join(''));
  const ended = async () => {
    await closed;
    const lines = said.split('\n').filter((line) => line !== '');
    const parsed = lines.map((line) => reportLine.parse(JSON.parse(line)));
    const before = parsed.slice(0, -1).map(({ kind }) => kind);
    return { code: child.exitCode, before, report: parsed.at(-1) ?? { kind: 'nothing' }, errorText };
  };
  return {
    child,
    write,
    ended,
    end(lines = []) {
      write(lines);
      child.stdin.end();
      return ended();
    },
  };
}

/** Imports these lines. */
export function runImport(options: {
  cwd: string;
  variables: Record<string, string>;
  lines: readonly string[];
}): Promise<ImportResult> {
  return startImport(options).end(options.lines);
}
