// A map from key ids, which are bytes: found by their first four, then compared whole. A text for each lookup would cost more than the
// lookup, and a log looks one up for each of its leaves.

import { equalBytes } from './bytes.ts';
import type { KeyId } from './keys.ts';

interface Item<Value> {
  readonly keyId: KeyId;
  readonly value: Value;
}

export class KeyMap<Value> {
  /** By the first four bytes of the id: as a rule one item, as ids are hashes. */
  private readonly buckets = new Map<number, Item<Value>[]>();
  private readonly items: Item<Value>[] = [];

  get(keyId: KeyId): Value | undefined {
    const bucket = this.buckets.get(startOf(keyId));
    if (!bucket) return undefined;
    for (const item of bucket) if (equalBytes(item.keyId, keyId)) return item.value;
    return undefined;
  }

  /** Adds a value for an id that has none yet. */
  add(keyId: KeyId, value: Value): void {
    const item = { keyId, value };
    this.items.push(item);
    const bucket = this.buckets.get(startOf(keyId));
    if (bucket) bucket.push(item);
    else this.buckets.set(startOf(keyId), [item]);
  }

  /** In the order in which they were added. */
  *values(): Generator<Value> {
    for (const { value } of this.items) yield value;
  }
}

function startOf(keyId: Uint8Array): number {
  return ((keyId[0] ?? 0) << 24) | ((keyId[1] ?? 0) << 16) | ((keyId[2] ?? 0) << 8) | (keyId[3] ?? 0);
}
