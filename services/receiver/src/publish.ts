// The newest block as this receiver knows it, and whoever waits for the log to grow or is told that it grew. Blocks sealed by another receiver on the same
// database are found by polling; nothing here decides anything.

import type { Head } from './store/block-store.ts';

/**
 * Receipts that requests hold while they wait for sealing. Past it a request is answered with its receipts alone. Up to 11 kB each (measured,
 * in commits of 1,000 readings; most of it the path), so 55 MB. The number is a guess at what that is worth.
 */
const MAX_WAITING_RECEIPTS = 5_000;

export class Publisher {
  private newest: Head;
  private readonly listeners: ((head: Head) => void)[] = [];
  private readonly waiters = new Set<{ logSize: number; resolve: (isSealed: boolean) => void }>();
  private waitingReceipts = 0;
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

  /** Tells `listener` of every newest block from now on. It is called where blocks are sealed: it must not throw, and not take long. */
  onPublished(listener: (head: Head) => void): void {
    this.listeners.push(listener);
  }

  /** Makes a committed block known. Older ones than the newest are passed over. */
  publish(head: Head): void {
    if (head.header.index <= this.newest.header.index) return;
    this.newest = head;
    for (const waiter of this.waiters) {
      if (head.header.logSize >= waiter.logSize) waiter.resolve(true);
    }
    for (const listener of this.listeners) listener(head);
  }

  /**
   * Waits until `logSize` leaves are sealed, while the caller holds so many receipts. False: not within the time, or too many receipts
   * wait (a caller that would wait alone always may), or the service stops.
   */
  async untilSealed(wait: { logSize: number; receipts: number; timeoutMs: number }): Promise<boolean> {
    const { logSize, receipts, timeoutMs } = wait;
    if (this.newest.header.logSize >= logSize) return true;
    if (this.isStopped) return false;
    if (this.waiters.size > 0 && this.waitingReceipts + receipts > MAX_WAITING_RECEIPTS) return false;
    return new Promise((resolve) => {
      const waiter = {
        logSize,
        resolve: (isSealed: boolean) => {
          clearTimeout(timer);
          if (this.waiters.delete(waiter)) this.waitingReceipts -= receipts;
          resolve(isSealed);
        },
      };
      const timer = setTimeout(() => waiter.resolve(false), timeoutMs);
      this.waiters.add(waiter);
      this.waitingReceipts += receipts;
    });
  }

  /** Answers everybody who waits; who comes later waits for nothing. */
  stop(): void {
    this.isStopped = true;
    for (const waiter of this.waiters) waiter.resolve(false);
  }
}
