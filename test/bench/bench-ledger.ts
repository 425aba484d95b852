// A ledger to measure: the receiver as its users run it, a process of its own, on the embedded PostgreSQL with fsync and synchronous_commit
// as they are in real life, in a folder that is removed afterwards.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type ConnectionTarget,
  type EmbeddedServer,
  openPool,
  startEmbeddedServer,
  targetUrl,
} from '@telltale/database';
import { SERVICE_ENVIRONMENT, serviceArguments } from '../../scripts/service-process.ts';
import { type ReceiverProcess, spawnReceiver } from '../../services/receiver/src/testing/receiver-process.ts';
import { residentBytes, treeCpuSeconds } from './process-cpu.ts';

/** How often the newest checkpoint is looked at while the last readings are sealed. */
const LOOK_MS = 20;

export class BenchLedger {
  /** Of the same PostgreSQL, for measurements beside the receiver. */
  readonly pool: ReturnType<typeof openPool>;
  private readonly folder: string;
  private readonly server: EmbeddedServer;
  private readonly variables: Record<string, string>;
  private receiver: ReceiverProcess;

  private constructor(parts: {
    folder: string;
    server: EmbeddedServer;
    variables: Record<string, string>;
    receiver: ReceiverProcess;
  }) {
    this.folder = parts.folder;
    this.server = parts.server;
    this.variables = parts.variables;
    this.receiver = parts.receiver;
    this.pool = openPool({
      connection: parts.server.target,
      applicationName: 'telltale-bench',
      maxConnections: 2,
      onError: () => undefined,
    });
  }

  /** Starts one with these variables beside its defaults: DIFFICULTY 2, as they are for users. */
  static async start(variables: Record<string, string> = {}): Promise<BenchLedger> {
    const folder = mkdtempSync(join(tmpdir(), 'telltale-bench-'));
    const quiet = () => undefined;
    const server = await startEmbeddedServer({ dataDir: join(folder, 'data'), log: { info: quiet, warn: quiet } });
    const all = {
      DATABASE_URL: targetUrl(server.target),
      ...SERVICE_ENVIRONMENT,
      DIFFICULTY: '2',
      ...variables,
    };
    return new BenchLedger({
      folder,
      server,
      variables: all,
      receiver: await spawnReceiver({ cwd: folder, variables: all, command: serviceArguments('receiver') }),
    });
  }

  get url(): string {
    return this.receiver.url;
  }

  get pid(): number {
    return this.receiver.pid;
  }

  /** Its PostgreSQL. */
  get connection(): ConnectionTarget {
    return this.server.target;
  }

  /** CPU seconds so far of the receiver and of PostgreSQL. */
  cpuSeconds(): { receiver: number; postgres: number } {
    const [postmaster] = readFileSync(join(this.folder, 'data', 'postgres', 'postmaster.pid'), 'utf8').split('\n');
    return { receiver: treeCpuSeconds(this.pid), postgres: treeCpuSeconds(Number(postmaster)) };
  }

  /** Resident memory of the receiver, in bytes. */
  residentBytes(): number {
    return residentBytes(this.pid);
  }

  /** Waits until so many leaves are in published blocks. */
  async untilSealed(leaves: number): Promise<void> {
    while ((await sealedLeaves(this.url)) < leaves) await pause(LOOK_MS);
  }

  /** Stops the receiver and starts it anew on the same database; gives how long the start took, in milliseconds. */
  async restart(): Promise<number> {
    await this.receiver.stop();
    const startedAt = performance.now();
    this.receiver = await spawnReceiver({
      cwd: this.folder,
      variables: this.variables,
      command: serviceArguments('receiver'),
    });
    return performance.now() - startedAt;
  }

  async stop(): Promise<void> {
    await this.pool.end();
    await this.receiver.stop();
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The size in the newest checkpoint: its second line. */
async function sealedLeaves(url: string): Promise<number> {
  const response = await fetch(`${url}/checkpoint`);
  return Number((await response.text()).split('\n')[1]);
}
