// Readings that flow into every receiver of a ring at a low rate, until the test ends it or a bound is reached. Keeps what was acknowledged.

import { setTimeout as delay } from 'node:timers/promises';
import { mustAccept } from '../../services/receiver/src/testing/post-readings.ts';
import { makeDevice } from '../../services/receiver/src/testing/test-device.ts';
import type { RingMember } from './ring-of-receivers.ts';

/** The pace: with seven receivers some 30 readings a second, which two processors hardly notice. */
const PAUSE_MS = 500;
const READINGS_AT_ONCE = 2;
/** Ends a load that nobody ends. Requests to one receiver: five minutes of them. */
const MOST_REQUESTS = 600;

interface Flow {
  readonly acknowledged: string[];
  refused: number;
  isStopped: boolean;
  readonly ended: Promise<void>;
}

export class ReadingLoad {
  private readonly device = makeDevice();
  private readonly flows: Flow[];
  private seq = 0;

  constructor(members: readonly RingMember[]) {
    this.flows = members.map((member) => {
      const flow = { acknowledged: [], refused: 0, isStopped: false, ended: Promise.resolve() };
      return Object.assign(flow, { ended: this.run(flow, member.url) });
    });
  }

  /** Transaction ids of what the receiver, or all of them, answered with receipts. */
  acknowledged(index?: number): readonly string[] {
    const flows = index === undefined ? this.flows : this.flows.slice(index, index + 1);
    return flows.flatMap(({ acknowledged }) => acknowledged);
  }

  /** Requests that were not answered with receipts, of all receivers. */
  get refused(): number {
    return this.flows.reduce((sum, { refused }) => sum + refused, 0);
  }

  /** Sends no more to this receiver, and waits for the answer that is to come. */
  async stop(index: number): Promise<void> {
    const flow = this.flows[index];
    if (!flow) throw new RangeError(`there is no receiver ${index}`);
    flow.isStopped = true;
    await flow.ended;
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.flows.map((_, index) => this.stop(index)));
  }

  /** One request beside the flow, which must be acknowledged by a quorum: then all that the receiver acknowledged before is in the ring. */
  async sendToQuorum(index: number, url: string): Promise<void> {
    await this.send({ acknowledged: this.flows[index]?.acknowledged ?? [], url, query: '?ack=quorum' });
  }

  private async run(flow: { acknowledged: string[]; refused: number; isStopped: boolean }, url: string): Promise<void> {
    for (let requests = 0; requests < MOST_REQUESTS && !flow.isStopped; requests++) {
      try {
        await this.send({ acknowledged: flow.acknowledged, url, query: '' });
      } catch {
        // The receiver is away, which the test means it to be: only what it answered counts.
        flow.refused++;
      }
      await delay(PAUSE_MS);
    }
  }

  private async send(to: { acknowledged: string[]; url: string; query: string }): Promise<void> {
    const texts = Array.from({ length: READINGS_AT_ONCE }, () => `{"device":"pump","seq":${this.seq++}}`);
    const body = `[${texts.map((text) => this.device.envelope(text)).join(',')}]`;
    const receipts = await mustAccept(to.url, body, to.query);
    to.acknowledged.push(...receipts.map(({ transaction_id: id }) => id));
  }
}
