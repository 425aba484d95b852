// When readings are taken: so many every so many seconds, the first batch at once, until stopped or replaced. One schedule at most,
// and never two batches at once. What POST /start_sending says is not kept across restarts, as in the
// ancestor.

import type { Logger } from 'pino';

/** Readings at one tick. A guess: signing a thousand RSA readings takes a second or two on a Raspberry Pi. */
export const ITEMS_MAX = 1000;
/** Seconds. Below a hundredth the disk, not the schedule, sets the pace; a day is the longest that makes sense to a person. */
export const INTERVAL_MIN_S = 0.01;
export const INTERVAL_MAX_S = 86_400;

export type Plan = Readonly<{ count: number; intervalMs: number }>;

/** Time as the schedule sees it: a clock that never goes back, and a timer that returns its own cancellation. */
export type ScheduleTimer = Readonly<{
  nowMs: () => number;
  after: (ms: number, call: () => void) => () => void;
}>;

export type ScheduleStatus = Readonly<{
  plan: Plan | undefined;
  /** Batches that failed since the start (signing, or the outbox could not be written). */
  failedBatches: number;
}>;

type Running = { plan: Plan; dueMs: number; cancel: () => void };

export class Schedule {
  readonly #options: { produce: (count: number) => Promise<void>; timer: ScheduleTimer; logger: Logger };
  #running: Running | undefined;
  /** Ends when the batch under way has ended. Batches of an old and a new schedule stand in line here. */
  #batches: Promise<void> = Promise.resolve();
  #failedBatches = 0;

  constructor(options: { produce: (count: number) => Promise<void>; timer: ScheduleTimer; logger: Logger }) {
    this.#options = options;
  }

  /** Replaces the plan that runs. The batch under way is finished; then the new plan's first batch comes at once. */
  start(plan: Plan): void {
    this.#running?.cancel();
    const running = { plan, dueMs: this.#options.timer.nowMs(), cancel: () => undefined };
    this.#running = running;
    this.#options.logger.info({ readings: plan.count, intervalMs: plan.intervalMs }, 'sending started');
    void this.#batch(running);
  }

  /** @returns whether a plan was running. Settles when the batch under way has ended. */
  async stop(): Promise<boolean> {
    const wasRunning = this.#running !== undefined;
    this.#running?.cancel();
    this.#running = undefined;
    if (wasRunning) this.#options.logger.info('sending stopped');
    await this.#batches;
    return wasRunning;
  }

  status(): ScheduleStatus {
    return { plan: this.#running?.plan, failedBatches: this.#failedBatches };
  }

  #batch(running: Running): Promise<void> {
    const { produce, timer, logger } = this.#options;
    this.#batches = this.#batches.then(async () => {
      if (this.#running !== running) return;
      try {
        await produce(running.plan.count);
      } catch (error) {
        // The schedule outlives a full disk: the next batch tries again, and status counts the failure.
        this.#failedBatches += 1;
        logger.error({ err: error }, 'batch failed');
      }
      if (this.#running !== running) return;
      // On the grid of the start; batches that could not be made in time are left out, not caught up in a burst.
      const nowMs = timer.nowMs();
      running.dueMs = Math.max(running.dueMs + running.plan.intervalMs, nowMs);
      running.cancel = timer.after(running.dueMs - nowMs, () => void this.#batch(running));
    });
    return this.#batches;
  }
}
