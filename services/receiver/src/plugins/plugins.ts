// The plugins of this receiver as its other parts see them: one thing to start, tell, ask and stop, whether there are any or none.

import type { ConnectionTarget } from '@telltale/database';
import type { Hash } from '@telltale/ledger';
import type { FoundReading } from '@telltale/plugin';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { Budget } from '../http/budget.ts';
import type { ReceiverMetrics } from '../http/metrics-registry.ts';
import type { Ledger } from '../ledger.ts';
import type { Publisher } from '../publish.ts';
import { PLUGINS_STOP_MS, stopInReverse } from '../start-stop.ts';
import { blockReader, readingReader } from './ledger-readers.ts';
import type { LoadedPlugin } from './load-plugins.ts';
import { PluginHost } from './plugin-host.ts';
import { pluginMetrics } from './plugin-metrics.ts';
import type { AcceptedLeaves } from './reading-feed.ts';
import { pluginSigner } from './sign-text.ts';

/** Readings that plugins look for at one time: anybody may ask, and other machines may be asked for each. A guess. */
const MAX_QUERIES = 64;
/** Receipts that requests hold while they wait for plugins: as many as may wait for sealing (publish.ts). */
const MAX_WAITING_RECEIPTS = 5_000;

export interface PluginsContext {
  /** Where plugins open connections of their own. */
  readonly target: ConnectionTarget;
  /** What blocks and readings are read with. */
  readonly pool: Pool;
  readonly ledger: Ledger;
  readonly publisher: Publisher;
  readonly metrics: ReceiverMetrics;
  readonly config: { readonly dataDir: string; readonly host: string; readonly port: number };
  readonly log: Logger;
  readonly nowUs: () => number;
}

export class Plugins {
  private readonly hosts: readonly PluginHost[];
  private readonly log: Logger;
  private readonly queries = new Budget({
    amount: MAX_QUERIES,
    refusal: 'too many readings are looked for elsewhere; ask again soon',
  });
  private waitingReceipts = 0;

  /** Nothing is started yet. */
  constructor(loaded: readonly LoadedPlugin[], context: PluginsContext) {
    const { pool, ledger, publisher, config, nowUs, target, log } = context;
    this.log = log;
    if (loaded.length === 0) {
      this.hosts = [];
      return;
    }
    const { origin, lane, key: publicKey } = ledger;
    const shared = {
      ledger: { origin, lane, publicKey, signText: pluginSigner(ledger.sign) },
      dataDir: config.dataDir,
      listen: { host: config.host, port: config.port },
      nowUs,
      blocks: blockReader(pool, () => publisher.head),
      readings: readingReader(pool),
    };
    const metrics = pluginMetrics(context.metrics.registry, () => this.lags());
    const hosts = loaded.map((one) => new PluginHost(one, { target, shared, metrics, log }));
    this.hosts = hosts;
    context.metrics.addSources(hosts.map((host) => () => host.metrics()));
    publisher.onPublished(() => {
      for (const host of hosts) host.nudge();
    });
  }

  /** Starts them in order, then registers their routes. Throws what the first that fails throws; `stop` ends those before it. */
  async start(app: FastifyInstance): Promise<void> {
    for (const host of this.hosts) await host.start();
    for (const host of this.hosts) await host.routes(app);
  }

  /** The receiver listens. */
  listening(url: string): void {
    for (const host of this.hosts) host.listening(url);
  }

  /** Hears of each commit that added readings. Never throws, never waits. */
  accepted(leaves: AcceptedLeaves): void {
    for (const host of this.hosts) host.accepted(leaves);
  }

  /** A reading that this ledger does not hold, as the first plugin that knows it gives it. Throws `overloaded`. */
  async findReading(transactionId: Hash): Promise<FoundReading | undefined> {
    if (this.hosts.length === 0) return undefined;
    const release = this.queries.take(1);
    const answers = this.hosts.map(async (host) => {
      const found = await host.find({ kind: 'reading', transactionId });
      if (!found) throw new Error('not found');
      return found;
    });
    try {
      return await Promise.any(answers);
    } catch {
      // None of them has it.
      return undefined;
    } finally {
      release();
    }
  }

  /** Whether `untilReplicated` can ever be true. */
  get isReplicating(): boolean {
    return this.hosts.some((host) => host.isReplicating);
  }

  /** Whether every plugin that replicates has these leaves elsewhere, within the time. False at once where too many receipts wait. */
  async untilReplicated(leafIndexes: readonly number[], timeoutMs: number): Promise<boolean> {
    const replicating = this.hosts.filter((host) => host.isReplicating);
    const receipts = leafIndexes.length;
    // A request that would wait alone always may.
    if (this.waitingReceipts > 0 && this.waitingReceipts + receipts > MAX_WAITING_RECEIPTS) return false;
    this.waitingReceipts += receipts;
    try {
      const answers = await Promise.all(replicating.map((host) => host.untilReplicated(leafIndexes, timeoutMs)));
      return answers.length > 0 && answers.every((isReplicated) => isReplicated);
    } finally {
      this.waitingReceipts -= receipts;
    }
  }

  /** Stops them in reverse, each within its share of the time that is left: most need none of theirs. Never rejects. */
  async stop(): Promise<void> {
    const endsAtMs = performance.now() + PLUGINS_STOP_MS;
    for (const [stopped, host] of this.hosts.toReversed().entries()) {
      const deadlineMs = Math.max(0, endsAtMs - performance.now()) / (this.hosts.length - stopped);
      await stopInReverse([{ name: `plugin ${host.name}`, deadlineMs, stop: () => host.stop() }], this.log);
    }
  }

  private lags(): Map<string, number> {
    return new Map(this.hosts.flatMap(({ name, lag }) => (lag === undefined ? [] : [[name, lag]])));
  }
}
