// Answers on their way to the broker, no more of them unacknowledged than it allows (MQTT 5.0 section 4.9): it would end the connection.

export class ReceiptQueue<Answer> {
  private readonly publish: (answer: Answer) => Promise<void>;
  private readonly limit: () => number;
  private readonly waiting: { readonly answer: Answer; readonly resolve: () => void }[] = [];
  private underWay = 0;

  /** `publish` settles when the broker has the answer; it MUST NOT reject. `limit`: the broker's Receive Maximum. */
  constructor(context: { publish: (answer: Answer) => Promise<void>; limit: () => number }) {
    this.publish = context.publish;
    this.limit = context.limit;
  }

  /** Settles when the broker has it; never where the connection ends before. */
  add(answer: Answer): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push({ answer, resolve });
      this.flush();
    });
  }

  private flush(): void {
    while (this.underWay < this.limit()) {
      const next = this.waiting.shift();
      if (!next) return;
      this.underWay += 1;
      void this.publish(next.answer).then(() => {
        this.underWay -= 1;
        next.resolve();
        this.flush();
      });
    }
  }
}
