// A wait that a test ends by hand: it records how long was asked for and settles when released or aborted.

export class ManualDelay {
  /** Milliseconds asked for, in order. */
  readonly waits: number[] = [];
  #release: (() => void)[] = [];

  readonly delay = (ms: number, signal: AbortSignal): Promise<void> => {
    this.waits.push(ms);
    return new Promise((resolve, reject) => {
      this.#release.push(resolve);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      if (signal.aborted) reject(signal.reason);
    });
  };

  /** Waits that nobody has ended yet. */
  get pending(): number {
    return this.#release.length;
  }

  release(): void {
    for (const resolve of this.#release.splice(0)) resolve();
  }
}
