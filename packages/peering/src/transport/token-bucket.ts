// A token bucket that lends: what was taken beyond the tokens is paid back by waiting. It bounds a rate over time and loses nothing.

/** Tokens come at `perSecond`, up to one second's worth. */
export class TokenBucket {
  private readonly perSecond: number;
  private tokens: number;
  private filledAtMs: number;

  constructor(options: { perSecond: number; nowMs: number }) {
    this.perSecond = options.perSecond;
    this.tokens = options.perSecond;
    this.filledAtMs = options.nowMs;
  }

  /** Takes tokens. The milliseconds until the bucket owes nothing: 0 while the rate is kept. */
  take(count: number, nowMs: number): number {
    const gained = ((nowMs - this.filledAtMs) * this.perSecond) / 1_000;
    this.tokens = Math.min(this.perSecond, this.tokens + gained) - count;
    this.filledAtMs = nowMs;
    return this.tokens >= 0 ? 0 : Math.ceil((-this.tokens * 1_000) / this.perSecond);
  }
}

/** What bounds how fast a socket is read. Sockets of one peer share theirs. */
export interface ReadRate {
  readonly frames: TokenBucket;
  readonly bytes: TokenBucket;
}

/** Full buckets. */
export function newReadRate(
  limits: { readonly framesPerSecond: number; readonly bytesPerSecond: number },
  nowMs: number,
): ReadRate {
  return {
    frames: new TokenBucket({ perSecond: limits.framesPerSecond, nowMs }),
    bytes: new TokenBucket({ perSecond: limits.bytesPerSecond, nowMs }),
  };
}
