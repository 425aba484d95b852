// `npm start`: receiver and sender side by side on this machine, the first readings sent, and a line for each sealed block.
// Both belong to this process: they end when it ends, however it ends (their IPC channel closes).

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** What the first schedule sends: liotbchain's own defaults. */
const FIRST_SCHEDULE = { number_of_items_to_send: 2, interval_time: 2 };
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

const root = resolve(import.meta.dirname, '..');

interface Service {
  readonly name: string;
  readonly child: ChildProcess;
  readonly exited: Promise<void>;
  /** Resolves with its address once it listens; rejects when it ends before. */
  readonly listening: Promise<string>;
}

interface LogLine {
  readonly level?: number;
  readonly msg?: string;
  readonly url?: string;
  readonly firstBlockIndex?: number;
  readonly blockIndex?: number;
  readonly readings?: number;
  readonly hash?: string;
  readonly durationMs?: number;
  readonly err?: { readonly message?: string };
}

/** A service ended before it listened; it has said why itself. */
class ServiceEnded extends Error {}

const services: Service[] = [];
let stopping: Promise<void> | undefined;

for (const signal of SIGNALS) process.on(signal, () => stop(0));

// Here PORT would mean both services; each has a name of its own instead. The services read the rest of .env themselves.
if (existsSync(join(root, '.env'))) process.loadEnvFile(join(root, '.env'));
const { RECEIVER_PORT = '5001', SENDER_PORT = '5000' } = process.env;

try {
  const receiver = launch('receiver', { PORT: RECEIVER_PORT });
  const receiverUrl = await receiver.listening;
  const sender = launch('sender', { PORT: SENDER_PORT, RECEIVER_URL: receiverUrl });
  const senderUrl = await sender.listening;
  console.log(`
  receiver  ${receiverUrl}   Swagger UI ${receiverUrl}/apidocs/   chain ${receiverUrl}/get_chain
  sender    ${senderUrl}   Swagger UI ${senderUrl}/apidocs/
  Ctrl-C stops everything; the data stays.
`);
  const answer = await fetch(`${senderUrl}/start_sending`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(FIRST_SCHEDULE),
  });
  if (!answer.ok) throw new Error(`the sender refused to start sending: ${await answer.text()}`);
} catch (error) {
  // A service that could not start has said why in its own line.
  if (!(error instanceof ServiceEnded) && !stopping) console.error(error);
  stop(1);
}

/** Ends both services in order, then this process. The sender first, so that nothing is under way when the receiver goes. */
function stop(exitCode: number): void {
  stopping ??= (async () => {
    console.log('stopping …');
    for (const { child, exited } of [...services].reverse()) {
      child.kill('SIGTERM');
      await exited;
    }
    process.exit(exitCode);
  })();
}

function launch(name: 'receiver' | 'sender', more: Record<string, string>): Service {
  const child = spawn(process.execPath, [SMALL_YOUNG_GENERATION, `services/${name}/src/main.ts`], {
    cwd: root,
    env: { ...FEW_ARENAS, ...process.env, ...more },
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
        if (line.msg === `${name} listening` && line.url) done(line.url);
        show(name, line);
      });
    }
  });
  void exited.then(() => stop(1));
  const service = { name, child, exited, listening };
  services.push(service);
  return service;
}

function parseLine(text: string): LogLine {
  try {
    return JSON.parse(text);
  } catch {
    // Not a log line: shown as it is.
    return { level: 50, msg: text };
  }
}

/** Blocks are what a newcomer came for; warnings and errors must be seen; the rest is in the services' logs when they run alone. */
function show(name: string, line: LogLine): void {
  const { msg, level = 30, firstBlockIndex, blockIndex, readings, hash, durationMs } = line;
  if (msg === 'block sealed' || msg === 'blocks sealed') {
    const what = readings === 1 ? '1 reading' : `${readings} readings`;
    const which = firstBlockIndex === undefined ? `block ${blockIndex}` : `blocks ${firstBlockIndex} to ${blockIndex}`;
    console.log(`${which}  ${what}  ${hash}  mined and stored in ${durationMs} ms`);
  } else if (level >= 40) {
    console.error(`${name}: ${msg}${line.err?.message ? ` (${line.err.message})` : ''}`);
  }
}
