// Waiting for a plugin's word, but not for ever.

import { setTimeout as delay } from 'node:timers/promises';

/** What `work` gives, or undefined once the time is over or `signal` aborts; then `work` goes on unheard. Rejects as `work` does. */
export async function within<Value>(
  work: Promise<Value>,
  limits: { timeoutMs: number; signal?: AbortSignal },
): Promise<Value | undefined> {
  const { timeoutMs, signal } = limits;
  const answered = new AbortController();
  const end = signal ? AbortSignal.any([signal, answered.signal]) : answered.signal;
  // It rejects only when it is aborted, and then its time is over too.
  const over = delay(timeoutMs, undefined, { signal: end }).catch(() => undefined);
  try {
    return await Promise.race([work, over]);
  } finally {
    answered.abort();
  }
}
