// Revoking a key: from its leaf on nothing that it signs is accepted; what was accepted before stays valid. Source: format.md "Kinds 2 and 3".

import { randomBytes } from 'node:crypto';
import {
  type AlgorithmId,
  encodeRevocation,
  type KeyId,
  LEAF_KIND,
  type PublicKey,
  revokeText,
  type Signer,
  toHex,
} from '@telltale/ledger';
import { ReceiverError } from '../errors.ts';
import { findKey } from '../store/registry-store.ts';
import { appendRegistry, type RegistryContext } from './append-registry.ts';
import { requireNonce } from './enrol.ts';
import { usableKey } from './rotate.ts';

/** Bytes of a reason: it stands in the log for ever. A guess. */
export const MAX_REASON_BYTES = 1_000;

/** By the ledger, on an operator's word. Throws ReceiverError `key-not-found`, `enrolment-conflict` (it was revoked before). */
export function revokeByAdmin(
  context: RegistryContext & { readonly origin: string; readonly ledgerKey: PublicKey; readonly sign: Signer },
  revocation: { keyId: KeyId; reason: string },
): Promise<{ leafIndex: number }> {
  const { origin, ledgerKey, sign } = context;
  const nonce = toHex(randomBytes(32));
  const signature = sign(revokeText({ origin, nonce, ...revocation }));
  const by = ledgerKey.keyId;
  return append(context, { ...revocation, authority: 'admin', by, nonce, signature, algorithm: ledgerKey.algorithm });
}

/** By the key itself, over a nonce of this receiver. Throws `enrolment-refused` for a wrong signature or nonce besides. */
export async function revokeByItself(
  context: RegistryContext & { readonly origin: string },
  revocation: { keyId: KeyId; reason: string; nonce: Uint8Array; signature: Uint8Array },
): Promise<{ leafIndex: number }> {
  const { keyId, reason, signature } = revocation;
  const nonce = toHex(revocation.nonce);
  const { key, verify } = await usableKey(context.pool, keyId);
  if (!(await verify(revokeText({ origin: context.origin, keyId, reason, nonce }), signature))) {
    throw new ReceiverError('enrolment-refused', 'signature is not the key’s over the text that revokes it');
  }
  const { algorithm } = key;
  return append(context, {
    keyId,
    reason,
    authority: 'self',
    by: keyId,
    nonce,
    signature,
    algorithm,
    taken: revocation.nonce,
  });
}

function append(
  context: RegistryContext,
  revocation: {
    keyId: KeyId;
    reason: string;
    authority: 'admin' | 'self';
    by: KeyId;
    nonce: string;
    signature: Uint8Array;
    algorithm: AlgorithmId;
    /** A nonce that was given out, to be taken in the same commit. */
    taken?: Uint8Array;
  },
): Promise<{ leafIndex: number }> {
  const { keyId, reason, authority, by, nonce, signature, algorithm, taken } = revocation;
  return appendRegistry(context, async (client, appended) => {
    const key = await findKey(client, keyId);
    if (!key) throw new ReceiverError('key-not-found', 'no leaf of this ledger enrols that key');
    if (key.revokedAtLeaf !== undefined) {
      throw new ReceiverError('enrolment-conflict', `leaf ${key.revokedAtLeaf} revoked this key already`);
    }
    if (taken) await requireNonce(client, taken);
    const message = encodeRevocation({ authority, by, nonce, reason });
    const { leafIndex } = appended.push({ kind: LEAF_KIND.keyRevoked, algorithm, keyId, signature, message });
    appended.revocations.push({ keyId, leafIndex });
    return { leafIndex };
  });
}
