// The counter row as this receiver's last transaction left it, for as long as nobody else seems to move it: then the next transaction may be
// written for it at once, and only has to find it so. An expectation only: the row is the truth.

import type { LogCounter } from '../store/identity-store.ts';

export class ExpectedCounter {
  private left: LogCounter | undefined;
  private isAlone = false;

  /** What the next transaction will probably find. Undefined: unknown, or others move it too. */
  get next(): LogCounter | undefined {
    return this.isAlone ? this.left : undefined;
  }

  /** Takes what a committed transaction found and left. */
  learn(counters: { found: LogCounter; left: LogCounter }): void {
    this.isAlone = this.left !== undefined && isSame(counters.found, this.left);
    this.left = counters.left;
  }

  /** Somebody else moved it. */
  forget(): void {
    this.isAlone = false;
  }
}

function isSame(one: LogCounter, other: LogCounter): boolean {
  return (
    one.nextLeafIndex === other.nextLeafIndex &&
    one.lastReceivedAtUs === other.lastReceivedAtUs &&
    one.registryVersion === other.registryVersion
  );
}
