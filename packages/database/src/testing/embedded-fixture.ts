// Temporary data folders and child processes for the tests of the embedded server, all cleared away at the end.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ConnectionTarget } from '../connection-target.ts';
import { spawnAsServerUser } from '../embedded-launch.ts';
import type { DatabaseLog } from '../log.ts';
import { readPostmasterState } from '../postmaster-file.ts';
import { withConnection } from '../short-connection.ts';

const childFile = fileURLToPath(new URL('./embedded-child.ts', import.meta.url));
const pollIntervalMs = 20;
const pollTimeoutMs = 30_000;

/** A process that uses the embedded server. `stop` ends its share in an orderly way, `kill` does not. */
export type EmbeddedChild = {
  process: ChildProcess;
  target(): Promise<ConnectionTarget>;
  stop(): Promise<void>;
  kill(): Promise<void>;
};

/** A logger that keeps the messages. */
export function recordingLog(): DatabaseLog & { messages: string[] } {
  const messages: string[] = [];
  const record = (_fields: object, message: string) => {
    messages.push(message);
  };
  return { messages, info: record, warn: record };
}

/** Polls until `condition` holds. Throws, naming `what`, after half a minute. */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const deadlineMs = performance.now() + pollTimeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain until ${what}`);
    await delay(pollIntervalMs);
  }
}

const isRoot = process.getuid?.() === 0;

/** Spawns a user of the server in `dataDir`, below root as `uid` if that is given. */
export function spawnEmbeddedChild(dataDir: string, uid?: number): EmbeddedChild {
  // Another user may not be able to enter the folders of this checkout, no more than the server's user is.
  const child = spawnAsServerUser({
    user:
      isRoot && uid !== undefined ? { kind: 'other', uid, gid: uid } : { kind: 'self', uid: process.getuid?.() ?? -1 },
    program: process.execPath,
    programArguments: [childFile, dataDir],
    stdio: ['pipe', 'pipe', 'pipe'],
    isDetached: false,
  });
  const { stdin, stdout, stderr } = child;
  if (!stdin || !stdout || !stderr) throw new Error('the child has no pipes');
  const exited = once(child, 'exit');
  let said = '';
  stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  const firstLine = once(createInterface(stdout), 'line');
  const target = Promise.race([
    firstLine.then(([line]): ConnectionTarget => JSON.parse(String(line))),
    exited.then(() => Promise.reject(new Error(`the child ended before it had a server: ${said}`))),
  ]);
  target.catch(() => undefined);
  return {
    process: child,
    target: () => target,
    async stop() {
      stdin.end('stop\n');
      const [exitCode] = await exited;
      if (exitCode !== 0) throw new Error(`the child did not stop in order: ${said}`);
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Runs one statement on a connection of its own. */
export async function query(target: ConnectionTarget, sql: string): Promise<Record<string, unknown>[]> {
  return withConnection(target, async (client) => (await client.query<Record<string, unknown>>(sql)).rows);
}

/** The pid of the server that runs on `dataDir`, or undefined. */
export async function serverPid(dataDir: string): Promise<number | undefined> {
  const state = await readPostmasterState(join(await realpath(dataDir), 'postgres'));
  return state.kind === 'running' ? state.pid : undefined;
}

/** Makes data folders, below root for `uid` if that is given, each below a folder of mode 0700, and clears away folders and whatever still runs in them. */
export function dataFolders(): { create(uid?: number): Promise<string>; clear(): Promise<void> } {
  const created: string[] = [];
  return {
    async create(uid) {
      const parent = await mkdtemp(join(tmpdir(), 'telltale-embedded-'));
      created.push(parent);
      if (isRoot && uid !== undefined) await chown(parent, uid, uid);
      return join(parent, 'data');
    },
    async clear() {
      for (const parent of created.splice(0)) {
        const pid = await serverPid(join(parent, 'data')).catch(() => undefined);
        if (pid !== undefined) process.kill(pid, 'SIGKILL');
        await rm(parent, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  };
}
