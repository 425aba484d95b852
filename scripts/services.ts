// Receivers and senders as children of a script: started, shown line by line, ended in order. They end when the script ends, however it ends
// (their IPC channel closes). What is started, and what of their logs is shown, the scripts say.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { root, SERVICE_ENVIRONMENT, serviceArguments } from './service-process.ts';

/** npm repeats a terminal's Ctrl-C to its child, so each signal may come twice: all of them mean the same orderly end. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Until a service that ended by itself is started again, where the script asks for it: long enough to see what its peers make of it. A guess. */
const RESTART_AFTER_MS = 10_000;

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
  readonly nodeId?: string;
  readonly mode?: string;
  readonly successors?: readonly string[];
  readonly err?: { readonly message?: string };
}

/** What a script starts. `name`: what its lines are shown under. `variables`: beside those of this process's environment. */
export interface Service {
  readonly name: string;
  readonly kind: 'receiver' | 'sender';
  readonly variables: Readonly<Record<string, string>>;
  /** Started again when it ends by itself after it listened; without, all others end with it. */
  readonly isKeptUp?: boolean;
}

/** A service that listens. */
export interface Listening {
  readonly url: string;
  readonly pid: number;
}

/** A service ended before it listened; it has said why itself. */
class ServiceEnded extends Error {}

interface Running {
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
}

export class Services {
  /** In the order in which they were started first; one that is started again keeps its place. */
  private readonly running = new Map<string, Running>();
  private stopping: Promise<void> | undefined;
  private readonly show: (name: string, line: LogLine) => void;

  /** From now on a signal ends the services and this process. `show` is given every line that a service logs. */
  constructor(show: (name: string, line: LogLine) => void) {
    this.show = show;
    for (const signal of SIGNALS) process.on(signal, () => this.stop(0));
  }

  /** Starts a service. Gives where it is once it listens, and rejects when it ends before; then everything ends. */
  launch(service: Service): Promise<Listening> {
    const { name, kind, variables } = service;
    const child = spawn(process.execPath, serviceArguments(kind), {
      cwd: root,
      env: { ...SERVICE_ENVIRONMENT, ...process.env, ...variables },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      // A process group of its own: Ctrl-C in the terminal reaches only this process, which then ends them in order.
      detached: process.platform !== 'win32',
    });
    const exited = new Promise<void>((done) => child.once('exit', () => done()));
    this.running.set(name, { child, exited });
    let hasListened = false;
    const listening = new Promise<Listening>((done, fail) => {
      child.once('error', fail);
      void exited.then(() => fail(new ServiceEnded()));
      if (child.stdout) {
        createInterface(child.stdout).on('line', (text) => {
          const line = parseLine(text);
          if (line.msg === `${kind} listening` && line.url && child.pid !== undefined) {
            hasListened = true;
            done({ url: line.url, pid: child.pid });
          }
          this.show(name, line);
        });
      }
    });
    void exited.then(() => (hasListened && service.isKeptUp ? this.startAgain(service) : this.stop(1)));
    return listening;
  }

  /** Ends everything for an error of the script, and tells it, unless the service that it is about has told it itself. */
  fail(error: unknown): void {
    if (!(error instanceof ServiceEnded) && !this.stopping) console.error(error);
    this.stop(1);
  }

  private startAgain(service: Service): void {
    if (this.stopping) return;
    console.log(`${service.name}: ended; it is started again in ${RESTART_AFTER_MS / 1000} s`);
    setTimeout(() => {
      if (this.stopping) return;
      this.launch(service).then(
        ({ pid }) => console.log(`${service.name}: listens again, process ${pid}`),
        (error) => this.fail(error),
      );
    }, RESTART_AFTER_MS);
  }

  /** Ends the services, the one that was started last first, so that nothing is under way to one that goes; then this process. */
  private stop(exitCode: number): void {
    this.stopping ??= (async () => {
      console.log('stopping …');
      for (const { child, exited } of [...this.running.values()].toReversed()) {
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
