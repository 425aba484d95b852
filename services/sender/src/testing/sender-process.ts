// The sender as its users run it: a process of its own, on a free port, with a data folder of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

type Environment = Readonly<Record<string, string>>;

/** Variables of this process that say nothing about a sender. */
const plainEnvironment = (): Environment => ({ PATH: process.env['PATH'] ?? '' });

export type SenderProcess = { url: string; child: ChildProcess; log: string[] };

/** Starts the sender and waits until it listens. */
export async function spawnSender(options: {
  cwd: string;
  env: Environment;
  hasIpc?: boolean;
}): Promise<SenderProcess> {
  const child = spawn(process.execPath, [MAIN], {
    cwd: options.cwd,
    env: { ...plainEnvironment(), PORT: '0', ...options.env },
    stdio: ['ignore', 'pipe', 'inherit', ...(options.hasIpc === true ? (['ipc'] as const) : [])],
  });
  if (child.stdout === null) throw new Error('the sender has no standard output');
  const log: string[] = [];
  const url = await new Promise<string>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the sender ended with ${code}`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
      log.push(line);
      const entry = JSON.parse(line) as { msg: string; url: string };
      if (entry.msg === 'sender listening') resolve(entry.url);
    });
  });
  return { url, child, log };
}

/** Ends the sender with this signal. @returns its exit code, null when the signal ended it */
export async function endSender(sender: SenderProcess, signal: NodeJS.Signals): Promise<number | null> {
  const exit = once(sender.child, 'exit');
  sender.child.kill(signal);
  const [code] = (await exit) as [number | null];
  return code;
}

/** Runs a sender that is expected not to start. */
export async function runToExit(options: {
  cwd: string;
  env: Environment;
}): Promise<{ code: number | null; errorText: string }> {
  const child = spawn(process.execPath, [MAIN], {
    cwd: options.cwd,
    env: { ...plainEnvironment(), PORT: '0', ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errorText = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errorText += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, errorText };
}

/** POST with a JSON body, or none. */
export async function post(url: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(
    url,
    body === undefined
      ? { method: 'POST' }
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  );
  return { status: response.status, body: await response.json() };
}
