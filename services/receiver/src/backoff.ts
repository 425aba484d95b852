// How long what failed is left alone, a witness or the broker of MQTT, or a message that cannot be stored: exponential back-off with jitter
// (M. Brooker, "Exponential Backoff And Jitter", AWS, 2015).

/** After the first failure. A guess: what restarts is back within seconds. */
const BASE_MS = 1_000;
/** At most. A guess: what is back is noticed within a minute. */
const CAP_MS = 60_000;

/** Milliseconds, from half of the ceiling on. `failures`: in a row, at least 1. `random`: a number in [0, 1). */
export function backoffMs(failures: number, random: () => number): number {
  // 2^16 is past the cap; the bound keeps the power finite.
  const ceilingMs = Math.min(CAP_MS, BASE_MS * 2 ** Math.min(failures - 1, 16));
  return (ceilingMs / 2) * (1 + random());
}
