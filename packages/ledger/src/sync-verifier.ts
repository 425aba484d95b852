// The part of the public face that a thread needs which does nothing but check signatures: loading all of it would cost such a thread more than
// a thousand signatures. Within this repository only; the published package has the whole face (scripts/pack-ledger.ts).

export { toHex } from './bytes.ts';
export { type PublicKey, parsePublicKey } from './keys.ts';
export type { Result } from './result.ts';
export { createSyncVerifier, type SyncVerifier } from './signature.ts';
