// One plugin and everything that is between it and the receiver: its tables, its connections, its start and stop, and each call of it, which can
// fail or never end without anybody else noticing more than a count.

import { mkdir } from 'node:fs/promises';
import { Registry } from '@platformatic/prom-client';
import { type ConnectionTarget, migratePlugin, openPool } from '@telltale/database';
import { decodeLeaf, equalBytes, leafHash, transactionIdOf } from '@telltale/ledger';
import type { FoundReading, PluginContext, ReadingQuery, RunningPlugin } from '@telltale/plugin';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { backoffMs } from '../backoff.ts';
import { ReceiverError } from '../errors.ts';
import { BlockFeed } from './block-feed.ts';
import type { LoadedPlugin } from './load-plugins.ts';
import { PluginFaults } from './plugin-faults.ts';
import type { PluginMetrics } from './plugin-metrics.ts';
import { type AcceptedLeaves, ReadingFeed } from './reading-feed.ts';
import { within } from './within.ts';

/** Connections of a plugin's own: one for its blocks, the others for its routes. A guess. */
const PLUGIN_CONNECTIONS = 4;
/** How long a plugin may take to start. A guess: migrations that wait for a lock are given as long. */
const START_DEADLINE_MS = 60_000;
/** How long a plugin may look for a reading: two calls to other machines that wait 2 s each, and some. A guess. */
const QUERY_TIMEOUT_MS = 5_000;
/** How long a plugin may collect its metrics. A guess: a scrape waits 10 s by default (Prometheus, scrape_timeout). */
const METRICS_TIMEOUT_MS = 2_000;

export interface PluginHostContext {
  readonly target: ConnectionTarget;
  /** What each plugin gets alike. */
  readonly shared: Omit<PluginContext, 'pool' | 'log' | 'metrics'>;
  readonly metrics: PluginMetrics;
  readonly log: Logger;
}

export class PluginHost {
  readonly name: string;
  private readonly loaded: LoadedPlugin;
  private readonly context: PluginHostContext;
  private readonly log: Logger;
  private readonly faults: PluginFaults;
  private readonly registry = new Registry();
  private readonly stopping = new AbortController();
  private pool: Pool | undefined;
  private running: RunningPlugin | undefined;
  private blocks: BlockFeed | undefined;
  private readings: ReadingFeed | undefined;

  constructor(loaded: LoadedPlugin, context: PluginHostContext) {
    const { name } = loaded.plugin;
    this.name = name;
    this.loaded = loaded;
    this.context = context;
    this.log = context.log.child({ plugin: name });
    this.faults = new PluginFaults({ log: this.log, count: (call) => context.metrics.fault(name, call) });
  }

  /** Undefined: it takes no blocks. */
  get lag(): number | undefined {
    return this.blocks?.lag;
  }

  get isReplicating(): boolean {
    return this.running?.untilReplicated !== undefined;
  }

  /** Its migrations, then itself. Throws DatabaseError, and ReceiverError `plugin-failed`. `stop` ends what was started before a failure. */
  async start(): Promise<void> {
    const { plugin, configuration } = this.loaded;
    const { target, shared } = this.context;
    if (plugin.migrations !== undefined) {
      await migratePlugin(target, { name: plugin.name, folder: plugin.migrations }, this.log);
    }
    await mkdir(shared.dataDir, { recursive: true });
    const pool = openPool({
      connection: target,
      applicationName: `telltale-plugin-${plugin.name}`,
      maxConnections: PLUGIN_CONNECTIONS,
      onError: (err) => this.log.warn({ err }, 'database connection lost'),
    });
    this.pool = pool;
    const context = { ...shared, pool, log: this.log, metrics: this.registry };
    const started = await this.mustDo('start', async () =>
      within(plugin.start(context, configuration), { timeoutMs: START_DEADLINE_MS }),
    );
    if (started === undefined) throw this.failed(`did not start within ${START_DEADLINE_MS / 1000} s`);
    this.running = started;
    const { blocksFrom = 0 } = started;
    if (!Number.isSafeInteger(blocksFrom) || blocksFrom < 0) throw this.failed(`asks for blocks from ${blocksFrom}`);
    this.log.info({ blocksFrom }, 'plugin started');
  }

  /** Its routes, in a scope of their own. Throws ReceiverError `plugin-failed`. */
  async routes(app: FastifyInstance): Promise<void> {
    const { running } = this;
    if (!running?.routes) return;
    await this.mustDo('register its routes', async () => {
      await app.register(async (scope) => {
        scope.addHook('onRoute', (route) => {
          route.schema = { tags: [this.name], ...route.schema };
        });
        scope.addHook('onError', async (_request, _reply, error) => {
          if ((error.statusCode ?? 500) >= 500) this.faults.note('route', error);
        });
        await running.routes?.(scope);
      });
    });
  }

  /** The receiver listens: from now on the plugin hears of readings and blocks. */
  listening(url: string): void {
    const { running, faults, context } = this;
    if (!running || this.stopping.signal.aborted) return;
    if (running.onListening) void faults.guard('onListening', () => running.onListening?.({ url }));
    if (running.onReading) {
      this.readings = new ReadingFeed({
        onReading: (readings) => running.onReading?.(readings),
        onDropped: (readings) => context.metrics.dropped(this.name, readings),
        faults,
      });
    }
    if (running.onBlock) this.startBlocks(running);
  }

  accepted(leaves: AcceptedLeaves): void {
    this.readings?.add(leaves);
  }

  /** There may be a new block. */
  nudge(): void {
    this.blocks?.nudge();
  }

  /** What the plugin finds, if it is what was asked for. Never rejects. */
  async find(query: ReadingQuery): Promise<FoundReading | undefined> {
    const { running, faults } = this;
    if (!running?.onQuery) return undefined;
    const signal = AbortSignal.any([AbortSignal.timeout(QUERY_TIMEOUT_MS), this.stopping.signal]);
    const asked = faults.guard('onQuery', async () => {
      const found = await running.onQuery?.(query, { signal });
      if (found && !isAskedFor(found, query)) throw new Error('what was found is not what was asked for');
      return found;
    });
    return within(asked, { timeoutMs: QUERY_TIMEOUT_MS, signal: this.stopping.signal });
  }

  /** False also where the plugin fails, is late or stops. */
  async untilReplicated(leafIndexes: readonly number[], timeoutMs: number): Promise<boolean> {
    const asked = this.faults.guard('untilReplicated', () => this.running?.untilReplicated?.(leafIndexes, timeoutMs));
    return (await within(asked, { timeoutMs, signal: this.stopping.signal })) === true;
  }

  /** Its part of /metrics; empty where it cannot be collected. */
  async metrics(): Promise<string> {
    const collected = this.faults.guard('metrics', () => this.registry.metrics());
    return (await within(collected, { timeoutMs: METRICS_TIMEOUT_MS })) ?? '';
  }

  /** Calls it no more, stops it, and ends its connections. Whoever waits for it has no answer. May be called whatever was started. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.readings?.stop();
    await this.blocks?.stop();
    const { running } = this;
    if (running) await this.faults.guard('stop', () => running.stop());
    await this.pool?.end();
  }

  private startBlocks(running: RunningPlugin): void {
    const { blocks } = this.context.shared;
    const { blocksFrom = 0 } = running;
    const { blockIndex } = blocks.head();
    if (blocksFrom > blockIndex + 1) {
      this.log.warn(
        { blocksFrom, blockIndex },
        'plugin is ahead of the chain: it waits for a block that is not sealed',
      );
    }
    this.blocks = new BlockFeed({
      from: blocksFrom,
      head: () => blocks.head().blockIndex,
      readPage: (range) => blocks.page(range),
      onBlock: (block) => running.onBlock?.(block),
      faults: this.faults,
      backoffMs: (failures) => backoffMs(failures, Math.random),
    });
    this.blocks.start();
  }

  /** A step without which the receiver does not start. */
  private async mustDo<Value>(what: string, work: () => Promise<Value>): Promise<Value> {
    try {
      return await work();
    } catch (error) {
      this.log.error({ err: error }, 'plugin cannot be started');
      throw this.failed(`could not ${what}: ${error instanceof Error ? error.message : String(error)}`, error);
    }
  }

  private failed(what: string, cause?: unknown): ReceiverError {
    return new ReceiverError('plugin-failed', `plugin ${this.name} ${what}`, { cause });
  }
}

/** The id covers key and message, so a plugin cannot pass one reading off as another. */
function isAskedFor({ leaf }: FoundReading, { transactionId }: ReadingQuery): boolean {
  const decoded = decodeLeaf(leaf);
  return decoded.ok && equalBytes(transactionIdOf(decoded.value, leafHash(leaf)), transactionId);
}
