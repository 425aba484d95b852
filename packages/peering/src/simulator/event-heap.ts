// What is to happen, by virtual time; at the same time, in the order in which it was put in. A binary heap.

interface Entry<Item> {
  readonly atMs: number;
  readonly sequence: number;
  readonly item: Item;
}

export class EventHeap<Item> {
  private readonly entries: Entry<Item>[] = [];
  private nextSequence = 0;

  get size(): number {
    return this.entries.length;
  }

  /** Everything that is to happen, in no order. */
  *items(): IterableIterator<Item> {
    for (const { item } of this.entries) yield item;
  }

  push(atMs: number, item: Item): void {
    let place = this.entries.length;
    const entry = { atMs, sequence: this.nextSequence++, item };
    this.entries.push(entry);
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = this.entries[parentPlace];
      if (!parent || isBefore(parent, entry)) break;
      this.entries[place] = parent;
      place = parentPlace;
    }
    this.entries[place] = entry;
  }

  /** When the next one happens. */
  peekMs(): number | undefined {
    return this.entries[0]?.atMs;
  }

  pop(): { readonly atMs: number; readonly item: Item } | undefined {
    const first = this.entries[0];
    const last = this.entries.pop();
    if (first && last && this.entries.length > 0) this.sink(last);
    return first;
  }

  private sink(entry: Entry<Item>): void {
    let place = 0;
    for (;;) {
      const left = this.entries[2 * place + 1];
      const right = this.entries[2 * place + 2];
      const child = right && left && isBefore(right, left) ? right : left;
      if (!child || isBefore(entry, child)) break;
      this.entries[place] = child;
      place = child === right ? 2 * place + 2 : 2 * place + 1;
    }
    this.entries[place] = entry;
  }
}

function isBefore<Item>(a: Entry<Item>, b: Entry<Item>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}
