// How long to wait before trying again: exponential back-off with full jitter, and HTTP's Retry-After (RFC 9110, 10.2.3).
// Full jitter: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.

/** Bounds of one back-off, and where its randomness comes from: a number in [0, 1). */
export type Backoff = Readonly<{ baseMs: number; capMs: number; random: () => number }>;

/** Longest wait that a Retry-After may ask for. A guess: a wrong answer must not silence a device for days. */
const RETRY_AFTER_CAP_MS = 3_600_000;

/** @param failures tries that failed in a row, at least 1 @returns milliseconds, from half the base on, so that no loop is ever busy */
export function backoffMs(backoff: Backoff, failures: number): number {
  // 2^30 is past any cap; the bound keeps the power finite.
  const ceilingMs = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(failures - 1, 30));
  const floorMs = backoff.baseMs / 2;
  return Math.max(floorMs, backoff.random() * ceilingMs);
}

/** Milliseconds that a Retry-After header asks for (seconds or an HTTP date), capped; undefined when it is absent or malformed. */
export function retryAfterMs(header: string | null, nowMs: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  if (/^\d{1,10}$/.test(text)) return Math.min(Number(text) * 1000, RETRY_AFTER_CAP_MS);
  // Only the form that servers must send (IMF-fixdate): Date.parse alone would accept nearly anything.
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? undefined : Math.min(Math.max(atMs - nowMs, 0), RETRY_AFTER_CAP_MS);
}
