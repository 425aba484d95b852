// A worker that checks signatures and nothing else, a batch at a time.

import { createSyncVerifier, parsePublicKey, type SyncVerifier, toHex } from '@telltale/ledger';
import type { CheckedSignature } from './signature-pool.ts';

/** Keys kept ready, some kilobytes each. A guess. */
const MAX_KEYS = 256;

const verifiers = new Map<string, SyncVerifier>();

self.addEventListener('message', ({ data }: MessageEvent<readonly CheckedSignature[]>) => {
  const wrong = data.findIndex(({ spki, message, signature }) => !verifierOf(spki)(message, signature));
  self.postMessage(wrong);
});

function verifierOf(spki: Uint8Array): SyncVerifier {
  const name = toHex(spki);
  const known = verifiers.get(name);
  if (known) return known;
  const key = parsePublicKey(spki);
  const verifier = key.ok ? createSyncVerifier(key.value) : key;
  if (!verifier.ok) throw new TypeError(verifier.message);
  if (verifiers.size === MAX_KEYS) verifiers.clear();
  verifiers.set(name, verifier.value);
  return verifier.value;
}
