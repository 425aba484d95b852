// Which signatures a leaf or a block needs, over which texts. Who may sign what is said elsewhere (registry.ts, proof.ts).
// Source: format.md "Leaf", kinds 1 to 3.

import { toHex } from './bytes.ts';
import type { Hash } from './hash.ts';
import type { Leaf } from './leaf.ts';
import type { Enrolment, Revocation } from './registry-message.ts';
import type { KeyVerifier } from './signature.ts';
import { blockText, enrolText, possessionText, revokeText } from './signed-text.ts';

/** A signature that a leaf or a block needs. It is checked later, together with many others. */
export interface SignatureCheck {
  readonly signer: KeyVerifier;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  /** Whose signature over what, for the fault if it is wrong. */
  readonly what: string;
}

/** A block is signed by its ledger. */
export function blockCheck(block: {
  origin: string;
  hash: Hash;
  signature: Uint8Array;
  signer: KeyVerifier;
}): SignatureCheck {
  const { signature, signer } = block;
  return {
    signer,
    message: blockText(block),
    signature,
    what: `the ledger’s signature over block ${toHex(block.hash)}`,
  };
}

/** A reading is signed by its device's key. */
export function readingCheck(leaf: Leaf, signer: KeyVerifier): SignatureCheck {
  return { signer, message: leaf.message, signature: leaf.signature, what: 'the device’s signature' };
}

/** An enrolment is signed by whoever vouches for the key, and by the key itself; a first use by nobody. */
export function enrolmentChecks(at: {
  origin: string;
  leaf: Leaf;
  enrolment: Enrolment;
  signer: KeyVerifier;
  own: KeyVerifier;
}): SignatureCheck[] {
  const { origin, leaf, enrolment, signer, own } = at;
  if (enrolment.authority === 'first-use') return [];
  const { devices, nonce, possession } = enrolment;
  const { keyId } = enrolment.key;
  return [
    {
      signer,
      message: enrolText({ origin, keyId, devices, nonce }),
      signature: leaf.signature,
      what: 'the signature of whoever enrols the key',
    },
    {
      signer: own,
      message: possessionText({ origin, keyId, nonce }),
      signature: possession,
      what: 'the enrolled key’s proof of possession',
    },
  ];
}

/** A revocation is signed by whoever revokes. */
export function revocationCheck(at: {
  origin: string;
  leaf: Leaf;
  revocation: Revocation;
  signer: KeyVerifier;
}): SignatureCheck {
  const { origin, leaf, signer } = at;
  const { reason, nonce } = at.revocation;
  const message = revokeText({ origin, keyId: leaf.keyId, reason, nonce });
  return {
    signer,
    message,
    signature: leaf.signature,
    what: 'the signature of whoever revokes the key',
  };
}
