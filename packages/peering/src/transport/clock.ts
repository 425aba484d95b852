// What the transport knows of time: passed in, so that tests decide it. `after` keeps no process alive by itself.

/** Ends a timer. Calling it again, or after the timer ran out, does nothing. */
export type CancelTimer = () => void;

/** Time of day for frames, a clock that never jumps for limits, and timers. */
export interface Clock {
  /** Milliseconds since the epoch. */
  readonly wallMs: () => number;
  /** Milliseconds since some moment, never going back. */
  readonly monotonicMs: () => number;
  readonly after: (delayMs: number, run: () => void) => CancelTimer;
}

/** The machine's own clock. */
export function systemClock(): Clock {
  return {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}
