// Which signatures a leaf needs, over which texts. Who may sign what is said elsewhere (registry.ts, proof.ts).
// Source: format.md "Leaf", kinds 1 to 3.

import type { Leaf } from './leaf.ts';
import type { Enrolment, Revocation } from './registry-message.ts';
import type { Verifier } from './signature.ts';
import { enrolText, possessionText, revokeText } from './signed-text.ts';

/** A signature that a leaf needs. It is checked later, together with many others. */
export interface SignatureCheck {
  readonly verify: Verifier;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  /** Whose signature over what, for the fault if it is wrong. */
  readonly what: string;
}

/** A reading is signed by its device's key. */
export function readingCheck(leaf: Leaf, verify: Verifier): SignatureCheck {
  return { verify, message: leaf.message, signature: leaf.signature, what: 'the device’s signature' };
}

/** An enrolment is signed by whoever vouches for the key, and by the key itself; a first use by nobody. */
export function enrolmentChecks(at: {
  origin: string;
  leaf: Leaf;
  enrolment: Enrolment;
  verifySigner: Verifier;
  verifyOwn: Verifier;
}): SignatureCheck[] {
  const { origin, leaf, enrolment } = at;
  if (enrolment.authority === 'first-use') return [];
  const { devices, nonce, possession } = enrolment;
  const { keyId } = enrolment.key;
  return [
    {
      verify: at.verifySigner,
      message: enrolText({ origin, keyId, devices, nonce }),
      signature: leaf.signature,
      what: 'the signature of whoever enrols the key',
    },
    {
      verify: at.verifyOwn,
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
  verifySigner: Verifier;
}): SignatureCheck {
  const { origin, leaf } = at;
  const { reason, nonce } = at.revocation;
  const message = revokeText({ origin, keyId: leaf.keyId, reason, nonce });
  return {
    verify: at.verifySigner,
    message,
    signature: leaf.signature,
    what: 'the signature of whoever revokes the key',
  };
}
