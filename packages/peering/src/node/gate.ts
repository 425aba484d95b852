// Lets so many pieces of work run at once and so many more wait, and turns the rest away: what callers hand over is held in memory meanwhile.

export class Gate {
  private readonly atOnce: number;
  private readonly mostWaiting: number;
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(bounds: { readonly atOnce: number; readonly mostWaiting: number }) {
    this.atOnce = bounds.atOnce;
    this.mostWaiting = bounds.mostWaiting;
  }

  /** Does the work when it is its turn. `turnedAway` is the result when too much waits already. */
  async run<Result>(work: () => Promise<Result>, turnedAway: Result): Promise<Result> {
    if (this.running >= this.atOnce) {
      if (this.waiting.length >= this.mostWaiting) return turnedAway;
      // Whoever ends hands its place on, so `running` stays as it is.
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.running++;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}
