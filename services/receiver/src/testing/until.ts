// Waiting in tests: a condition is polled until it holds, with a deadline, and nothing sleeps for a fixed time.

import { setTimeout as delay } from 'node:timers/promises';

const pollIntervalMs = 10;
/** Far above what anything here takes; a test that reaches it has failed. */
const deadlineMs = 20_000;

/** Polls until `condition` holds. Throws, naming `what`, after the deadline. */
export async function until(what: string, condition: () => Promise<boolean> | boolean): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
    await delay(pollIntervalMs);
  }
}
