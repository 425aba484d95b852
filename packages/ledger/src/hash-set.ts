// A compact set of hashes, for finding one that comes twice among millions: 16 bytes a hash, in one flat table with open addressing.
// Two hashes with the same first 128 bits count as one: nobody can make such a pair (about 2^64 tries for SHA-256).

import { viewOf } from './bytes.ts';
import type { Hash } from './hash.ts';

/** Words of 32 bits kept of each hash. */
const WORDS = 4;
/** Slots of a new set: 16 KiB. A guess; the table doubles as it fills. */
const FIRST_SLOTS = 1024;

export class HashSet {
  private slots = FIRST_SLOTS;
  private table = new Uint32Array(FIRST_SLOTS * WORDS);
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Adds a hash; says whether it is new. */
  add(hash: Hash): boolean {
    // Half full at most, so that a search ends after a step or two.
    if (2 * this.count >= this.slots) this.grow();
    const view = viewOf(hash);
    const key = Uint32Array.from({ length: WORDS }, (_, i) => view.getUint32(4 * i));
    // An empty slot is four zero words; the one hash that begins with 128 zero bits shares the spelling of another.
    if (key.every((word) => word === 0)) key[WORDS - 1] = 1;
    if (!insert(this.table, key)) return false;
    this.count++;
    return true;
  }

  private grow(): void {
    this.slots *= 2;
    const table = new Uint32Array(this.slots * WORDS);
    for (let at = 0; at < this.table.length; at += WORDS) {
      const key = this.table.subarray(at, at + WORDS);
      if (key.some((word) => word !== 0)) insert(table, key);
    }
    this.table = table;
  }
}

/** Puts a key into the first free slot from its own place on; false when it is there already. */
function insert(table: Uint32Array, key: Uint32Array): boolean {
  const slots = table.length / WORDS;
  for (let slot = (key[0] ?? 0) % slots; ; slot = (slot + 1) % slots) {
    const held = table.subarray(slot * WORDS, (slot + 1) * WORDS);
    if (held.every((word) => word === 0)) {
      table.set(key, slot * WORDS);
      return true;
    }
    if (held.every((word, i) => word === key[i])) return false;
  }
}
