// Public keys that were seen lately, ready to verify with: reading and importing a key costs more than checking a signature with it.

import { type PublicKey, parsePublicKeyPem, type Result, type SyncVerifier } from '@telltale/ledger';
import { createFastVerifier } from '@telltale/signature-threads';

export interface UsableKey {
  readonly key: PublicKey;
  readonly verify: SyncVerifier;
}

/** Keys kept: about 1 kB each. A guess above the devices that one receiver serves; a stranger's new keys push out only the oldest. */
const MAX_KEYS = 10_000;
/** Longest PEM text kept: an RSA key of 4096 bits has 800 characters. Bounds the cache's memory, as text of any length may stand around a key. */
const MAX_KEPT_CHARACTERS = 2_048;

/** Least recently used first. Owned by one thread that checks signatures. */
export class KeyCache {
  private readonly keys = new Map<string, UsableKey>();

  /** The key of a PEM text, from the cache or parsed. Refusals are not kept. */
  get(pem: string): Result<UsableKey> {
    const cached = this.keys.get(pem);
    if (cached) {
      this.keys.delete(pem);
      this.keys.set(pem, cached);
      return { ok: true, value: cached };
    }
    const key = parsePublicKeyPem(pem);
    if (!key.ok) return key;
    const verifier = createFastVerifier(key.value);
    if (!verifier.ok) return verifier;
    const usable = { key: key.value, verify: verifier.value };
    if (pem.length > MAX_KEPT_CHARACTERS) return { ok: true, value: usable };
    this.keys.set(pem, usable);
    if (this.keys.size > MAX_KEYS) {
      const [oldest] = this.keys.keys();
      if (oldest !== undefined) this.keys.delete(oldest);
    }
    return { ok: true, value: usable };
  }
}
