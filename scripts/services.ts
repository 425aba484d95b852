// Receivers and senders as children of a script: started, shown line by line, ended in order. They end when the script ends, however it ends
// (their IPC channel closes). What is started, and what of their logs is shown, the scripts say.

import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** npm repeats a terminal's Ctrl-C to its child, so each signal may come twice: all of them mean the same orderly end. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Mebibytes of V8's semi-space. By default the young generation grows with the load and stays large: 100,000 blocks streamed made the receiver
 * grow by 50 to 110 MB, with 4 by 6 MB.
 */
const SMALL_YOUNG_GENERATION = '--max-semi-space-size=4';
/**
 * Heaps of glibc's malloc: by default eight for each core, and what one thread frees another cannot use. Measured under full load: 318 MB
 * without, 233 MB with two, no slower.
 */
const FEW_ARENAS = { MALLOC_ARENA_MAX: '2' };

/** The checkout. */
export const root = resolve(import.meta.dirname, '..');

/** What the scripts look at of a log line; a line that is none comes as an error with the text itself. */
export interface LogLine {
  readonly level?: number;
  readonly msg?: string;
  readonly url?: string;
  readonly firstBlockIndex?: number;
  readonly blockIndex?: number;
  readonly readings?: number;
  readonly hash?: string;
  readonly durationMs?: number;
  readonly mode?: string;
  readonly err?: { readonly message?: string };
}

/** A service ended before it listened; it has said why itself. */
class ServiceEnded extends Error {}

export class Services {
  private readonly running: { readonly child: ChildProcess; readonly exited: Promise<void> }[] = [];
  private stopping: Promise<void> | undefined;
  private readonly show: (name: string, line: LogLine) => void;

  /** From now on a signal ends the services and this process. `show` is given every line that a service logs. */
  constructor(show: (name: string, line: LogLine) => void) {
    this.show = show;
    for (const signal of SIGNALS) process.on(signal, () => this.stop(0));
  }

  /**
   * Starts a service; when it ends before it was stopped, so do the others. Gives its address once it listens, and rejects when it ends before.
   * `name`: what its lines are shown under. `variables`: beside those of this process's environment.
   */
  launch(service: {
    name: string;
    kind: 'receiver' | 'sender';
    variables: Readonly<Record<string, string>>;
  }): Promise<string> {
    const { name, kind, variables } = service;
    const child = spawn(process.execPath, [SMALL_YOUNG_GENERATION, `services/${kind}/src/main.ts`], {
      cwd: root,
      env: { ...FEW_ARENAS, ...process.env, ...variables },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      // A process group of its own: Ctrl-C in the terminal reaches only this process, which then ends them in order.
      detached: process.platform !== 'win32',
    });
    const exited = new Promise<void>((done) => child.once('exit', () => done()));
    const listening = new Promise<string>((done, fail) => {
      child.once('error', fail);
      void exited.then(() => fail(new ServiceEnded()));
      if (child.stdout) {
        createInterface(child.stdout).on('line', (text) => {
          const line = parseLine(text);
          if (line.msg === `${kind} listening` && line.url) done(line.url);
          this.show(name, line);
        });
      }
    });
    void exited.then(() => this.stop(1));
    this.running.push({ child, exited });
    return listening;
  }

  /** Ends everything for an error of the script, and tells it, unless the service that it is about has told it itself. */
  fail(error: unknown): void {
    if (!(error instanceof ServiceEnded) && !this.stopping) console.error(error);
    this.stop(1);
  }

  /** Ends the services, the one that was started last first, so that nothing is under way to one that goes; then this process. */
  private stop(exitCode: number): void {
    this.stopping ??= (async () => {
      console.log('stopping …');
      for (const { child, exited } of this.running.toReversed()) {
        child.kill('SIGTERM');
        await exited;
      }
      process.exit(exitCode);
    })();
  }
}

/** Makes a sender send this many readings, one every so many seconds (liotbchain's names). Throws what it answers if it refuses. */
export async function startSending(
  senderUrl: string,
  schedule: { number_of_items_to_send: number; interval_time: number },
): Promise<void> {
  const answer = await fetch(`${senderUrl}/start_sending`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(schedule),
  });
  if (!answer.ok) throw new Error(`the sender refused to start sending: ${await answer.text()}`);
}

/** What a person is told of a sealed block; undefined for every other line. */
export function sealedText(line: LogLine): string | undefined {
  const { msg, firstBlockIndex, blockIndex, readings, hash, durationMs } = line;
  if (msg !== 'block sealed' && msg !== 'blocks sealed') return undefined;
  const what = readings === 1 ? '1 reading' : `${readings} readings`;
  const which = firstBlockIndex === undefined ? `block ${blockIndex}` : `blocks ${firstBlockIndex} to ${blockIndex}`;
  return `${which}  ${what}  ${hash}  mined and stored in ${durationMs} ms`;
}

/** What a person is told of a warning or an error; undefined for lines of less weight. */
export function faultText({ level = 30, msg, err }: LogLine): string | undefined {
  return level < 40 ? undefined : `${msg}${err?.message ? ` (${err.message})` : ''}`;
}

function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text);
  } catch {
    // Not a log line: shown as it is.
    return { level: 50, msg: text };
  }
}
