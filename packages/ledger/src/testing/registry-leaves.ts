// Registry leaves for tests, signed by whoever a test says. It judges nothing, so that it can also make what a registry must refuse.

import type { KeyId, PublicKey } from '../keys.ts';
import { encodeLeaf, LEAF_KIND, UNSIGNED } from '../leaf.ts';
import { encodeEnrolment, encodeRevocation } from '../registry-message.ts';
import { enrolText, possessionText, revokeText } from '../signed-text.ts';
import type { SigningKey } from './signing-key.ts';

/** Nonces of registry messages: any 32 bytes will do. */
const NONCE = '5a'.repeat(32);

/** A key's first use, vouched for by nobody. `message`, where given, stands in place of the right one. */
export function firstUseLeaf(use: {
  key: PublicKey;
  devices: readonly string[];
  receivedAtUs: number;
  message?: Uint8Array;
}): Uint8Array {
  const { key, devices, receivedAtUs } = use;
  const message = use.message ?? encodeEnrolment({ authority: 'first-use', key, devices });
  const { keyId } = key;
  const signature = new Uint8Array(0);
  return encodeLeaf({ kind: LEAF_KIND.keyEnrolled, algorithm: UNSIGNED, receivedAtUs, keyId, signature, message });
}

/** An enrolment that `by` signs, with a proof of possession by `possessor`, who is the enrolled key unless a test says otherwise. */
export function enrolmentLeaf(enrolment: {
  authority: 'token' | 'admin' | 'rotation';
  by: SigningKey;
  subject: SigningKey;
  devices: readonly string[];
  origin: string;
  receivedAtUs: number;
  possessor?: SigningKey;
}): Uint8Array {
  const { authority, by, subject, devices, origin, receivedAtUs } = enrolment;
  const { keyId } = subject.key;
  const possession = (enrolment.possessor ?? subject).sign(possessionText({ origin, keyId, nonce: NONCE }));
  const named = { key: subject.key, devices, by: by.key.keyId, nonce: NONCE, possession };
  const message = encodeEnrolment({ authority, ...named });
  const signature = by.sign(enrolText({ origin, keyId, devices, nonce: NONCE }));
  const { algorithm } = by.key;
  return encodeLeaf({ kind: LEAF_KIND.keyEnrolled, algorithm, receivedAtUs, keyId, signature, message });
}

/** A revocation that `by` signs. */
export function revocationLeaf(revocation: {
  authority: 'admin' | 'rotation' | 'self';
  by: SigningKey;
  keyId: KeyId;
  origin: string;
  receivedAtUs: number;
}): Uint8Array {
  const { authority, by, keyId, origin, receivedAtUs } = revocation;
  const reason = 'a reason';
  const message = encodeRevocation({ authority, by: by.key.keyId, nonce: NONCE, reason });
  const signature = by.sign(revokeText({ origin, keyId, reason, nonce: NONCE }));
  const { algorithm } = by.key;
  return encodeLeaf({ kind: LEAF_KIND.keyRevoked, algorithm, receivedAtUs, keyId, signature, message });
}
