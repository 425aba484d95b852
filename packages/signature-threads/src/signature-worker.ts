// A thread that checks signatures: takes batches, answers each with the place of the first signature that is wrong, or NONE_WRONG. In the
// order in which they come.

import { parentPort } from 'node:worker_threads';
import { parsePublicKey, type SyncVerifier, toHex } from '@telltale/ledger/sync-verifier';
import { createFastVerifier } from './fast-verifier.ts';
import { NONE_WRONG, type PackedBatch, unpackBatch } from './packed-batch.ts';

/** Keys kept ready: importing one costs about as much as a signature. Some 5 kB each in OpenSSL; a guess. */
const MAX_KEYS = 1024;

const verifiers = new Map<string, SyncVerifier>();

parentPort?.on('message', (batch: PackedBatch) => {
  parentPort?.postMessage(firstWrong(batch));
});

function firstWrong(batch: PackedBatch): number {
  let place = 0;
  for (const { key: verify, message, signature } of unpackBatch(batch, verifierOf)) {
    if (!verify(message, signature)) return place;
    place++;
  }
  return NONE_WRONG;
}

function verifierOf(spki: Uint8Array): SyncVerifier {
  const id = toHex(spki);
  const known = verifiers.get(id);
  if (known) return known;
  const key = parsePublicKey(spki);
  const verifier = key.ok ? createFastVerifier(key.value) : key;
  // Whoever reads the log took the key before: the thread ends, and nothing is said of the batch.
  if (!verifier.ok) throw new Error(`a key cannot be used: ${verifier.message}`);
  if (verifiers.size === MAX_KEYS) verifiers.clear();
  verifiers.set(id, verifier.value);
  return verifier.value;
}
