// Signing and verifying with the three algorithms of the format. The key's type chooses the algorithm, never the message.
// Here only what a signer and a verifier are: node:crypto makes them in Node.js, @noble/curves in a browser, with the same verdicts
// (platform/, chosen by the "imports" of package.json).

import type { PublicKey } from './keys.ts';

export { createSigner } from '#platform/signer';
export { createSyncVerifier, createVerifier } from '#platform/verifier';

/** Says whether `signature` is this key's over exactly these bytes. */
export type Verifier = (message: Uint8Array, signature: Uint8Array) => Promise<boolean>;

/** The same, on the calling thread and at once. */
export type SyncVerifier = (message: Uint8Array, signature: Uint8Array) => boolean;

/** A public key, and what verifies with it. */
export interface KeyVerifier {
  readonly key: PublicKey;
  readonly verify: Verifier;
}

/** Signs exactly these bytes with the ledger's Ed25519 key: 64 bytes. */
export type Signer = (message: Uint8Array) => Uint8Array;
