// Reads on through something that is stored in order, a page at a time, and always has the next page asked for while the last one is used:
// whoever streams it does not wait for the database then. Holds two pages at most, and no connection while it waits for its user.

export class PageReader<Item> {
  private readonly read: (start: number) => Promise<readonly Item[]>;
  private page: readonly Item[] = [];
  /** How many items of `page` were given. */
  private offset = 0;
  private next: Promise<readonly Item[]>;
  /** Index of the next item that is given. */
  at = 0;

  /** `read` gives the items from index `start` on, in order, as many as it likes; none at the end. */
  constructor(read: (start: number) => Promise<readonly Item[]>) {
    this.read = read;
    this.next = this.readAhead(0);
  }

  /** The next items, as many as are at hand and at most `limit`; none at the end. Throws what `read` threw. */
  async take(limit = Number.POSITIVE_INFINITY): Promise<readonly Item[]> {
    if (this.offset === this.page.length) await this.turnPage();
    const start = this.offset;
    this.offset = Math.min(this.page.length, start + limit);
    this.at += this.offset - start;
    return start === 0 && this.offset === this.page.length ? this.page : this.page.slice(start, this.offset);
  }

  private async turnPage(): Promise<void> {
    const ahead = await this.next;
    // It may have been asked for before there was more.
    this.page = ahead.length > 0 ? ahead : await this.read(this.at);
    this.offset = 0;
    if (this.page.length > 0) this.next = this.readAhead(this.at + this.page.length);
  }

  private readAhead(start: number): Promise<readonly Item[]> {
    const next = this.read(start);
    // It is thrown where the page is turned; a user who leaves before does not need it.
    next.catch(() => undefined);
    return next;
  }
}
