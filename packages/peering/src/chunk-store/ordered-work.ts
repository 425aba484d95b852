// Asynchronous work with a bound on how much is under way, in order among what touches the same chunk, and a way to wait for its end.

export class OrderedWork {
  private readonly most: number;
  private active = 0;
  private readonly waiting: (() => void)[] = [];
  /** The newest work of each chunk; settles, never rejects. */
  private readonly newest = new Map<number, Promise<unknown>>();
  private readonly unfinished = new Set<Promise<unknown>>();

  /** `most`: how much may be under way at once; the rest waits, however much it is. */
  constructor(most: number) {
    this.most = most;
  }

  /** Does the work when there is room. With `chunk`, also after all earlier work of that chunk. */
  run<Value>(work: () => Promise<Value>, chunk?: number): Promise<Value> {
    const earlier = chunk === undefined ? undefined : this.newest.get(chunk);
    const done = (earlier ?? Promise.resolve()).then(() => this.withRoom(work));
    const settled: Promise<unknown> = Promise.allSettled([done]).then(() => {
      this.unfinished.delete(settled);
      if (chunk !== undefined && this.newest.get(chunk) === settled) this.newest.delete(chunk);
    });
    this.unfinished.add(settled);
    if (chunk !== undefined) this.newest.set(chunk, settled);
    return done;
  }

  /** Resolves once everything that was given so far has succeeded or failed. */
  async drained(): Promise<void> {
    await Promise.all(this.unfinished);
  }

  private async withRoom<Value>(work: () => Promise<Value>): Promise<Value> {
    // Whoever ends hands its room to the one that waits longest, so `active` stays.
    if (this.active >= this.most) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.active += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.active -= 1;
    }
  }
}
