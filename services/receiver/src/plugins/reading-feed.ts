// Brings readings that were just accepted to one plugin, a commit's worth at a time. A bounded queue: when it is full the oldest are dropped and
// counted, because they come again in blocks. Never waited for by anybody.

import { LEAF_KIND } from '@telltale/ledger';
import type { AcceptedReading } from '@telltale/plugin';
import type { Accepted } from '../ingest/accept.ts';
import type { PluginFaults } from './plugin-faults.ts';

/** Leaves that wait for a plugin, about 500 bytes each besides their own bytes. A guess: some seconds of a busy receiver. */
const MAX_WAITING_LEAVES = 20_000;
/** Bytes of the leaves that wait. A guess: what they take of memory stays small beside the receiver's own. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

/** The leaves of one commit, and the same as sealing sees them: entries of one place are of one leaf. */
export type AcceptedLeaves = Pick<Accepted, 'stored' | 'leaves'>;

interface Batch {
  readonly accepted: AcceptedLeaves;
  readonly sizeBytes: number;
}

export interface ReadingFeedContext {
  readonly onReading: (readings: readonly AcceptedReading[]) => Promise<void> | void;
  readonly onDropped: (readings: number) => void;
  readonly faults: Pick<PluginFaults, 'guard'>;
}

export class ReadingFeed {
  private readonly context: ReadingFeedContext;
  private readonly queue: Batch[] = [];
  private waitingLeaves = 0;
  private waitingBytes = 0;
  private isRunning = false;
  private isStopped = false;

  constructor(context: ReadingFeedContext) {
    this.context = context;
  }

  /** Takes what a commit has made durable. Never throws, never waits. */
  add(accepted: AcceptedLeaves): void {
    if (this.isStopped) return;
    const sizeBytes = accepted.stored.reduce((sum, { leaf }) => sum + leaf.length, 0);
    this.queue.push({ accepted, sizeBytes });
    this.waitingLeaves += accepted.stored.length;
    this.waitingBytes += sizeBytes;
    while (this.waitingLeaves > MAX_WAITING_LEAVES || this.waitingBytes > MAX_WAITING_BYTES) {
      const dropped = this.take();
      if (!dropped) break;
      this.context.onDropped(readingsOf(dropped).length);
    }
    if (!this.isRunning) void this.run();
  }

  /** Brings nothing more. What waited is forgotten: it comes again in blocks. */
  stop(): void {
    this.isStopped = true;
    this.queue.length = 0;
  }

  private async run(): Promise<void> {
    this.isRunning = true;
    // Whoever adds is answering a request: the plugin's turn comes after that.
    await Promise.resolve();
    for (let accepted = this.take(); accepted; accepted = this.take()) {
      const readings = readingsOf(accepted);
      if (readings.length > 0) {
        await this.context.faults.guard('onReading', () => this.context.onReading(readings));
      }
    }
    this.isRunning = false;
  }

  private take(): AcceptedLeaves | undefined {
    const batch = this.queue.shift();
    if (!batch) return undefined;
    this.waitingLeaves -= batch.accepted.stored.length;
    this.waitingBytes -= batch.sizeBytes;
    return batch.accepted;
  }
}

/** The readings among a commit's leaves, in order. */
function readingsOf({ stored, leaves }: AcceptedLeaves): AcceptedReading[] {
  return leaves.flatMap(({ kind, reading, hash }, i) => {
    const own = stored[i];
    if (kind !== LEAF_KIND.reading || !reading || !own) return [];
    return [{ ...reading, leafHash: hash, leaf: own.leaf, transactionId: own.transactionId }];
  });
}
