// Cuts a stream of bytes into lines and never holds more than one line of the allowed length. It does not look into lines.

const LINE_FEED = 0x0a;

/** A line without its line feed, or the news that one was longer than allowed (its bytes are gone). */
export type SplitLine = { kind: 'line'; bytes: Uint8Array } | { kind: 'too-long' };

export class LineSplitter {
  readonly #limitBytes: number;
  #parts: Uint8Array[] = [];
  #heldBytes = 0;
  #isSkipping = false;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  /** The lines that end in this chunk, in order. */
  push(chunk: Uint8Array): SplitLine[] {
    const lines: SplitLine[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      this.#hold(chunk.subarray(start, end));
      lines.push(this.#take());
      start = end + 1;
    }
    this.#hold(chunk.subarray(start));
    return lines;
  }

  /** A last line without a line feed may be cut off, so it is dropped. @returns whether there was one */
  reset(): boolean {
    const hadRest = this.#isSkipping || this.#heldBytes > 0;
    this.#take();
    return hadRest;
  }

  #hold(part: Uint8Array): void {
    if (this.#isSkipping) return;
    if (this.#heldBytes + part.length > this.#limitBytes) {
      this.#isSkipping = true;
      this.#parts = [];
      this.#heldBytes = 0;
      return;
    }
    if (part.length === 0) return;
    this.#parts.push(part);
    this.#heldBytes += part.length;
  }

  #take(): SplitLine {
    const line: SplitLine = this.#isSkipping
      ? { kind: 'too-long' }
      : { kind: 'line', bytes: Buffer.concat(this.#parts) };
    this.#parts = [];
    this.#heldBytes = 0;
    this.#isSkipping = false;
    return line;
  }
}
