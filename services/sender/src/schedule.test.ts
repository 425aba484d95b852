// The schedule on a clock that moves by hand.

import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Schedule } from './schedule.ts';

/** A clock and timers that move only when told to. */
class ManualTimer {
  #nowMs = 0;
  #timers: { atMs: number; call: () => void }[] = [];

  readonly nowMs = () => this.#nowMs;

  readonly after = (ms: number, call: () => void) => {
    const timer = { atMs: this.#nowMs + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  };

  get delaysMs(): number[] {
    return this.#timers.map(({ atMs }) => atMs - this.#nowMs);
  }

  /** Moves the clock, calls what is due, and lets the promises that follow settle. */
  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs);
    for (const { call } of due) call();
    await new Promise(setImmediate);
  }
}

function setUp(work: (count: number) => Promise<void> = () => Promise.resolve()) {
  const timer = new ManualTimer();
  const batches: number[] = [];
  const produce = (count: number) => {
    batches.push(count);
    return work(count);
  };
  const schedule = new Schedule({ produce, timer, logger: pino({ level: 'silent' }) });
  return { schedule, timer, batches };
}

describe('the schedule', () => {
  it('takes the first batch at once and another at each interval', async () => {
    const { schedule, timer, batches } = setUp();
    schedule.start({ count: 2, intervalMs: 1500 });
    await timer.pass(0);
    expect(batches).toEqual([2]);
    await timer.pass(1499);
    expect(batches).toEqual([2]);
    await timer.pass(1);
    await timer.pass(1500);
    expect(batches).toEqual([2, 2, 2]);
  });

  it('is replaced by a second start', async () => {
    const { schedule, timer, batches } = setUp();
    schedule.start({ count: 2, intervalMs: 1000 });
    await timer.pass(0);
    schedule.start({ count: 5, intervalMs: 3000 });
    await timer.pass(0);
    expect(schedule.status().plan).toEqual({ count: 5, intervalMs: 3000 });
    await timer.pass(2999);
    expect(batches).toEqual([2, 5]);
    await timer.pass(1);
    expect(batches).toEqual([2, 5, 5]);
  });

  it('never runs two batches at once, also when it is replaced during one', async () => {
    let end: () => void = () => undefined;
    const { schedule, timer, batches } = setUp(
      () =>
        new Promise((resolve) => {
          end = resolve;
        }),
    );
    schedule.start({ count: 1, intervalMs: 10 });
    await timer.pass(0);
    schedule.start({ count: 2, intervalMs: 10 });
    schedule.start({ count: 3, intervalMs: 10 });
    await timer.pass(100);
    expect(batches).toEqual([1]);
    end();
    await timer.pass(0);
    expect(batches).toEqual([1, 3]);
  });

  it('leaves out what it could not make in time, without a burst', async () => {
    let end: () => void = () => undefined;
    const { schedule, timer } = setUp(
      () =>
        new Promise((resolve) => {
          end = resolve;
        }),
    );
    schedule.start({ count: 1, intervalMs: 100 });
    await timer.pass(0);
    await timer.pass(30);
    end();
    await timer.pass(0);
    expect(timer.delaysMs).toEqual([70]);
    await timer.pass(70);
    await timer.pass(950);
    end();
    await timer.pass(0);
    // Nine intervals have passed: one batch comes at once, not nine.
    expect(timer.delaysMs).toEqual([0]);
    await timer.pass(0);
    end();
    await timer.pass(0);
    expect(timer.delaysMs).toEqual([100]);
  });

  it('outlives a batch that fails, and counts it', async () => {
    const { schedule, timer, batches } = setUp(() => Promise.reject(new Error('disk full')));
    schedule.start({ count: 1, intervalMs: 100 });
    await timer.pass(0);
    await timer.pass(100);
    expect(batches).toEqual([1, 1]);
    expect(schedule.status().failedBatches).toBe(2);
  });

  it('stops, and says whether anything ran', async () => {
    const { schedule, timer, batches } = setUp();
    expect(await schedule.stop()).toBe(false);
    schedule.start({ count: 1, intervalMs: 100 });
    await timer.pass(0);
    expect(await schedule.stop()).toBe(true);
    await timer.pass(1000);
    expect(batches).toEqual([1]);
    expect(schedule.status().plan).toBeUndefined();
  });
});
