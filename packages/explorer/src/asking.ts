// Asking for something again and again as it changes, one request at a time: while one is under way, what changes meanwhile leads to one
// more behind it. A page that is told of changes faster than the receiver answers still sees answers. No DOM.

type Load<Value> = (signal: AbortSignal) => Promise<Value>;

export class Asking<Value> {
  private readonly ended = new AbortController();
  private readonly onValue: (value: Value) => void;
  private readonly onError: (error: unknown) => void;
  private isUnderWay = false;
  private next: Load<Value> | undefined;

  constructor(to: { onValue: (value: Value) => void; onError: (error: unknown) => void }) {
    this.onValue = to.onValue;
    this.onError = to.onError;
  }

  /** Asks now, or once what is under way has answered; then only the last of those that wait. */
  ask(load: Load<Value>): void {
    this.next = load;
    if (!this.isUnderWay) void this.askOn();
  }

  /** Nothing is heard of it any more. */
  end(): void {
    this.next = undefined;
    this.ended.abort();
  }

  private async askOn(): Promise<void> {
    const { signal } = this.ended;
    this.isUnderWay = true;
    while (this.next) {
      const load = this.next;
      this.next = undefined;
      try {
        const value = await load(signal);
        if (!signal.aborted) this.onValue(value);
      } catch (error) {
        if (!signal.aborted) this.onError(error);
      }
    }
    this.isUnderWay = false;
  }
}
