// The newest block as this receiver knows it, and whoever waits for the log to grow. Blocks sealed by another receiver on the same
// database are found by polling; nothing here decides anything.

import type { Head } from './store/block-store.ts';

/** Requests that wait for sealing at one time. Past it they are answered with receipts alone. A guess: some kB each. */
const MAX_WAITERS = 10_000;

export class Publisher {
  private newest: Head;
  private readonly waiters = new Set<{ logSize: number; resolve: (isSealed: boolean) => void }>();
  private isStopped = false;

  constructor(head: Head) {
    this.newest = head;
  }

  get head(): Head {
    return this.newest;
  }

  get isAwaited(): boolean {
    return this.waiters.size > 0;
  }

  /** Makes a committed block known. Older ones than the newest are passed over. */
  publish(head: Head): void {
    if (head.header.index <= this.newest.header.index) return;
    this.newest = head;
    for (const waiter of this.waiters) {
      if (head.header.logSize >= waiter.logSize) waiter.resolve(true);
    }
  }

  /** Waits until `logSize` leaves are sealed. False: not within the time, or too many wait, or the service stops. */
  async untilSealed(logSize: number, timeoutMs: number): Promise<boolean> {
    if (this.newest.header.logSize >= logSize) return true;
    if (this.isStopped || this.waiters.size >= MAX_WAITERS) return false;
    return new Promise((resolve) => {
      const waiter = {
        logSize,
        resolve: (isSealed: boolean) => {
          clearTimeout(timer);
          this.waiters.delete(waiter);
          resolve(isSealed);
        },
      };
      const timer = setTimeout(() => waiter.resolve(false), timeoutMs);
      this.waiters.add(waiter);
    });
  }

  /** Answers everybody who waits; who comes later waits for nothing. */
  stop(): void {
    this.isStopped = true;
    for (const waiter of this.waiters) waiter.resolve(false);
  }
}
