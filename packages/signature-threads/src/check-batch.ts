// What a thread does with a batch of signatures: checks one after the other, with keys that it keeps.

import { parsePublicKey, type SyncVerifier, toHex } from '@telltale/ledger/sync-verifier';
import { createFastVerifier } from './fast-verifier.ts';
import { NONE_WRONG, type PackedBatch, unpackBatch } from './packed-batch.ts';

/** Keys kept ready: importing one costs about as much as a signature. Some 5 kB each in OpenSSL; a guess. */
const MAX_KEYS = 1024;

export class BatchChecker {
  private readonly verifiers = new Map<string, SyncVerifier>();

  /** The place of the first signature that is wrong, or NONE_WRONG. Throws for a key that cannot be used. */
  firstWrong(batch: PackedBatch): number {
    let place = 0;
    for (const { key: verify, message, signature } of unpackBatch(batch, (spki) => this.verifierOf(spki))) {
      if (!verify(message, signature)) return place;
      place++;
    }
    return NONE_WRONG;
  }

  private verifierOf(spki: Uint8Array): SyncVerifier {
    const id = toHex(spki);
    const known = this.verifiers.get(id);
    if (known) return known;
    const key = parsePublicKey(spki);
    const verifier = key.ok ? createFastVerifier(key.value) : key;
    // Whoever reads the log took the key before: the thread ends, and nothing is said of the batch.
    if (!verifier.ok) throw new Error(`a key cannot be used: ${verifier.message}`);
    if (this.verifiers.size === MAX_KEYS) this.verifiers.clear();
    this.verifiers.set(id, verifier.value);
    return verifier.value;
  }
}
