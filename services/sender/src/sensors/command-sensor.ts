// Readings from the operator's own program: one JSON object, or array of them, a line on its standard output. The program is started again when it
// ends. Waiting lines live in memory only: what was not yet taken into the outbox is lost with the process, as in any pipe.

import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type Backoff, backoffMs } from '../backoff.ts';
import { LineSplitter, type SplitLine } from './line-splitter.ts';
import { LINE_LIMIT_BYTES, parseReadingLine } from './reading-line.ts';
import type { Reading, Sensor } from './sensor.ts';

/** The pipe is paused from here on, so a program that writes faster than the schedule takes is held back, not lost. Guesses. */
const QUEUE_LIMIT_LINES = 1000;
const QUEUE_LIMIT_BYTES = 4 * 1024 * 1024;
/** Device names shown by status. A guess at what a person still reads. */
const DEVICES_SHOWN = 50;
/** How often stop() looks whether the program has ended. A guess. */
const TERMINATION_POLL_MS = 20;

export type CommandSensorOptions = Readonly<{
  command: string;
  /** Appended as `device` to lines that have none; undefined appends nothing. */
  givenDevice: string | undefined;
  /** The key's own device (format.md): counts `seq` for lines that end up without `device`. */
  ownDevice: string;
  restart: Backoff;
  /** Time to end after SIGTERM before SIGKILL. */
  terminationMs: number;
  logger: Logger;
}>;

export class CommandSensor implements Sensor {
  readonly #options: CommandSensorOptions;
  readonly #stop = new AbortController();
  readonly #devices = new Set<string>();
  readonly #splitter = new LineSplitter(LINE_LIMIT_BYTES);
  #queue: Reading[] = [];
  #queueBytes = 0;
  #output: Readable | undefined;
  #child: ChildProcess | undefined;
  #running: Promise<void> = Promise.resolve();
  #invalidLines = 0;
  #restarts = 0;
  #failures = 0;

  constructor(options: CommandSensorOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#runForEver();
  }

  read(count: number): readonly Reading[] {
    return this.#queue.slice(0, count);
  }

  advance(count: number): void {
    for (const reading of this.#queue.splice(0, count)) this.#queueBytes -= reading.json.length;
    if (!this.#isFull()) this.#output?.resume();
  }

  status() {
    return {
      kind: 'command' as const,
      devices: [...this.#devices],
      waiting: this.#queue.length,
      invalidLines: this.#invalidLines,
      restarts: this.#restarts,
    };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    const groupId = this.#child?.pid;
    this.#output?.destroy();
    if (groupId !== undefined) await endProcessGroup(groupId, this.#options.terminationMs);
    await this.#running;
  }

  async #runForEver(): Promise<void> {
    const { logger, restart } = this.#options;
    while (!this.#stop.signal.aborted) {
      const end = await this.#runOnce();
      if (this.#stop.signal.aborted) return;
      this.#failures += 1;
      this.#restarts += 1;
      const waitMs = backoffMs(restart, this.#failures);
      logger.warn({ ...end, waitMs: Math.round(waitMs) }, 'sensor program ended');
      try {
        await delay(waitMs, undefined, { signal: this.#stop.signal });
      } catch {
        // The wait was cut short by stop(), which is the loop's condition too.
        return;
      }
    }
  }

  #runOnce(): Promise<{ exitCode?: number | null; signal?: string | null; reason?: string }> {
    return new Promise((resolve) => {
      // The command line is the operator's own, like a line of a service file, so a shell may read it. A process group of its
      // own lets stop() reach what the shell started. Its standard error goes where ours goes.
      const child = spawn(this.#options.command, {
        shell: true,
        detached: process.platform !== 'win32',
        stdio: ['ignore', 'pipe', 'inherit'],
        windowsHide: true,
      });
      this.#child = child;
      this.#output = child.stdout;
      child.stdout.on('data', (chunk: Buffer) => this.#onChunk(chunk));
      child.once('error', (error) => resolve({ reason: error.message }));
      child.once('close', (exitCode, signal) => {
        this.#child = undefined;
        this.#output = undefined;
        if (this.#splitter.reset()) this.#refuse('unfinished');
        resolve({ exitCode, signal });
      });
    });
  }

  #onChunk(chunk: Buffer): void {
    for (const line of this.#splitter.push(chunk)) this.#onLine(line);
    // One chunk (64 KiB) may overshoot the bound; the rest waits in the pipe.
    if (this.#isFull()) this.#output?.pause();
  }

  #onLine(line: SplitLine): void {
    if (line.kind === 'too-long') {
      this.#refuse('line-too-long');
      return;
    }
    if (line.bytes.length === 0) return;
    const { givenDevice, ownDevice } = this.#options;
    const result = parseReadingLine(line.bytes, { given: givenDevice, own: ownDevice });
    if (!result.ok) {
      this.#refuse(result.code);
      return;
    }
    this.#failures = 0;
    if (this.#devices.size < DEVICES_SHOWN) this.#devices.add(result.device);
    this.#queue.push(result.reading);
    this.#queueBytes += result.reading.json.length;
  }

  #refuse(code: string): void {
    this.#invalidLines += 1;
    this.#options.logger.warn({ code, invalidLines: this.#invalidLines }, 'sensor line refused');
  }

  #isFull(): boolean {
    return this.#queue.length >= QUEUE_LIMIT_LINES || this.#queueBytes >= QUEUE_LIMIT_BYTES;
  }
}

/** The shell may end before what it started, so the whole group is waited for, and killed when its time is over. */
async function endProcessGroup(groupId: number, terminationMs: number): Promise<void> {
  signalGroup(groupId, 'SIGTERM');
  for (let waitedMs = 0; waitedMs < terminationMs; waitedMs += TERMINATION_POLL_MS) {
    if (!signalGroup(groupId, 0)) return;
    await delay(TERMINATION_POLL_MS);
  }
  signalGroup(groupId, 'SIGKILL');
}

/** @returns false when nothing of the group is left */
function signalGroup(groupId: number, signal: 'SIGTERM' | 'SIGKILL' | 0): boolean {
  try {
    // Windows has no process groups: there the shell alone can be reached.
    return process.kill(process.platform === 'win32' ? groupId : -groupId, signal);
  } catch {
    // ESRCH: it has ended, which is what was wanted. EPERM (macOS): only its unreaped remains are left.
    return false;
  }
}
