// What the receiver counts about itself. Everything is counted once a commit, a request or a block, or read when somebody asks; nothing for each
// reading. No label holds a device or a key.

import { Counter, collectDefaultMetrics, Gauge, Registry } from '@platformatic/prom-client';
import { ReceiverError } from '../errors.ts';
import type { Publisher } from '../publish.ts';

/** How often the delay of the event loop is measured, in milliseconds. A guess: ten times less often than by default, for a machine at rest. */
const EVENT_LOOP_PRECISION_MS = 100;

export class ReceiverMetrics {
  readonly registry = new Registry();
  private readonly sources: (() => Promise<string>)[] = [];
  private readonly acceptedReadings: Counter;
  private readonly refusedReadings: Counter<'code'>;

  /** `countLeaves`: of the whole log, pending ones included. */
  constructor(context: { publisher: Publisher; countLeaves: () => Promise<number> }) {
    const { publisher, countLeaves } = context;
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
    this.acceptedReadings = new Counter({
      name: 'telltale_readings_accepted_total',
      help: 'New readings that this receiver made durable.',
      registers,
    });
    this.refusedReadings = new Counter({
      name: 'telltale_readings_refused_total',
      help: 'Readings at fault in refused requests, or one for a request that was refused as a whole.',
      labelNames: ['code'],
      registers,
    });
    const sealed = new Counter({
      name: 'telltale_blocks_sealed_total',
      help: 'Blocks of this ledger that were sealed while this receiver ran, by whichever receiver.',
      registers,
    });
    let { index } = publisher.head.header;
    publisher.onPublished(({ header }) => {
      sealed.inc(header.index - index);
      index = header.index;
    });
    new Gauge({
      name: 'telltale_head_block_index',
      help: 'Index of the newest block.',
      registers,
      collect() {
        this.set(publisher.head.header.index);
      },
    });
    new Gauge({
      name: 'telltale_pending_leaves',
      help: 'Accepted leaves, of readings and of the registry, that are in no block yet; NaN while the database is away.',
      registers,
      async collect() {
        const leaves = await countLeaves().catch(() => Number.NaN);
        this.set(Math.max(0, leaves - publisher.head.header.logSize));
      },
    });
  }

  /** A commit added so many readings. */
  accepted(readings: number): void {
    this.acceptedReadings.inc(readings);
  }

  /** A request was refused. */
  refused(error: unknown): void {
    const { code, faults } = error instanceof ReceiverError ? error : { code: 'internal', faults: [] };
    this.refusedReadings.inc({ code }, Math.max(1, faults.length));
  }

  /** Each gives more of the text. They must not reject. */
  addSources(sources: readonly (() => Promise<string>)[]): void {
    this.sources.push(...sources);
  }

  /** Prometheus text format 0.0.4. */
  async text(): Promise<string> {
    const parts = await Promise.all([this.registry.metrics(), ...this.sources.map((source) => source())]);
    return parts.filter((part) => part !== '').join('\n');
  }
}
