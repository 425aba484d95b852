// The (key, device) pairs that the registry is known to have. A pair stays true until the registry's version moves past what was seen;
// then everything is looked up again under the counter's lock. A cache only: the table is the truth.

import { toHex } from '@telltale/ledger';

/** Pairs kept: about 150 bytes each. A guess above the devices that one receiver serves. Full: emptied, and looked up again. */
const MAX_PAIRS = 100_000;

/** Pairs go by their names (`pairName`). */
export class RegistryCache {
  private readonly pairs = new Set<string>();
  private version = 0n;

  /** To be called under the counter's lock with the version found there. */
  setVersion(version: bigint): void {
    if (version !== this.version) this.pairs.clear();
    this.version = version;
  }

  has(pair: string): boolean {
    return this.pairs.has(pair);
  }

  /** Takes pairs that a committed transaction found or wrote, and the version that it left. Ignored if others moved on meanwhile. */
  learn(pairs: Iterable<string>, versions: { found: bigint; left: bigint }): void {
    if (versions.found !== this.version) return;
    this.version = versions.left;
    for (const pair of pairs) {
      if (this.pairs.size >= MAX_PAIRS) this.pairs.clear();
      this.pairs.add(pair);
    }
  }
}

/** One text for a pair: a key id has a fixed length, so no two pairs share a name. */
export function pairName(pair: { keyId: Uint8Array; device: string }): string {
  return toHex(pair.keyId) + pair.device;
}
