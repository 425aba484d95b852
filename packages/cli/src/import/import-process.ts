// The receiver's import entry as a process of its own: a package imports no service, and what it writes the receiver's own stores write.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CliError } from '../cli-error.ts';
import { environmentWith } from '../config.ts';
import { type ImportReport, parseReportLine } from './import-report.ts';

const ENTRY = fileURLToPath(new URL('../../../../services/receiver/src/import-main.ts', import.meta.url));
/** As the receiver itself is started, whose package says why: a small young generation keeps memory low. */
const NODE_OPTIONS = ['--max-semi-space-size=4'];
/** Characters kept of what the process says on standard error, for the case that it says nothing else. A guess: a stack and a line. */
const KEPT_CHARACTERS = 4_000;

export interface ImportProcess {
  /** Writes the export into it. Returns when all of it is written, or when the process reads no more. Throws what `chunks` throws. */
  feed(chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /** Ends it before it imports anything, unless it has; returns when it is gone. Must come before its input ends, if that is not whole. */
  stop(): Promise<void>;
  /** What became of the import, once the process is gone. Throws CliError `refused` when it ended without a word. */
  readonly ended: Promise<ImportReport>;
}

/**
 * Starts it with the working directory and the environment of this process, but for these variables. `onLeaves` hears of leaves as they are
 * verified. Throws CliError `file` where the receiver is not installed.
 */
export async function startImportProcess(run: {
  variables: Readonly<Record<string, string>>;
  onLeaves: (count: number) => void;
}): Promise<ImportProcess> {
  const { variables, onLeaves } = run;
  await access(ENTRY).catch((cause: unknown) => {
    const message = `import runs the receiver, and its sources are not here (${ENTRY}): use a whole checkout, or run that file where the receiver is`;
    throw new CliError('file', message, { cause });
  });
  const child = spawn(process.execPath, [...NODE_OPTIONS, ENTRY], { stdio: 'pipe', env: environmentWith(variables) });
  const closed = once(child, 'close');
  // One that stops reading has a reason, and tells it in its report.
  child.stdin.on('error', () => undefined);
  const ended = reportOf(child, { closed, onLeaves });
  return {
    ended,
    feed: (chunks) => feed(child, chunks),
    async stop() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}

async function feed({ stdin }: ChildProcessWithoutNullStreams, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const chunk of chunks) {
    // Called back at last when the other end is closed, so nothing waits for a process that is gone.
    await new Promise<void>((resolve) => {
      stdin.write(chunk, () => resolve());
    });
    if (!stdin.writable) return;
  }
  stdin.end();
}

async function reportOf(
  child: ChildProcessWithoutNullStreams,
  at: { closed: Promise<unknown>; onLeaves: (count: number) => void },
): Promise<ImportReport> {
  let report: ImportReport | undefined;
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = parseReportLine(text);
    if (line?.kind === 'progress') at.onLeaves(line.leaves);
    else if (line) report = line;
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-KEPT_CHARACTERS);
  });
  await at.closed;
  if (report) return report;
  const how = child.signalCode ?? `exit code ${child.exitCode}`;
  throw new CliError('refused', `the receiver’s import ended without a word (${how})\n${said}`.trimEnd());
}
