// Rotating a key: the old key vouches for the new one, for devices of its own, and may retire itself in the same commit.
// Source: format.md "Kinds 2 and 3".

import {
  createVerifier,
  encodeEnrolment,
  encodeRevocation,
  enrolText,
  type KeyId,
  LEAF_KIND,
  type PublicKey,
  parsePublicKey,
  revokeText,
  toHex,
  type Verifier,
} from '@telltale/ledger';
import type { Pool, PoolClient } from 'pg';
import { ReceiverError } from '../errors.ts';
import { findKey, type StoredKey } from '../store/registry-store.ts';
import { appendRegistry, type RegistryContext } from './append-registry.ts';
import { checkDevices, checkPossession, requireNonce } from './enrol.ts';

/** The `reason` of a revocation by rotation. Part of what the old key signs. */
const ROTATION_REASON = 'rotated';

export interface Rotation {
  readonly oldKeyId: KeyId;
  readonly newKey: PublicKey;
  readonly devices: readonly string[];
  readonly nonce: Uint8Array;
  /** The new key's signature over `possessionText`. */
  readonly possession: Uint8Array;
  /** The old key's signature over `enrolText` of the new key. */
  readonly signature: Uint8Array;
  /** The old key's signature over `revokeText` of itself with ROTATION_REASON: it retires. Absent: both keys stay in force. */
  readonly retirement?: Uint8Array;
}

/** Throws ReceiverError: `key-not-found`, `enrolment-refused`, `enrolment-conflict`, `request-invalid`. */
export async function rotate(
  context: RegistryContext & { readonly origin: string },
  rotation: Rotation,
): Promise<{ leafIndex: number; revokedAtLeaf?: number }> {
  const { origin } = context;
  const { oldKeyId, newKey, devices, retirement } = rotation;
  checkDevices(devices);
  const nonce = toHex(rotation.nonce);
  await checkPossession({ origin, key: newKey, nonce, possession: rotation.possession });
  const old = await usableKey(context.pool, oldKeyId);
  const text = enrolText({ origin, keyId: newKey.keyId, devices, nonce });
  if (!(await old.verify(text, rotation.signature))) {
    throw new ReceiverError(
      'enrolment-refused',
      'signature is not the old key’s over the text that enrols the new one',
    );
  }
  const farewell = revokeText({ origin, keyId: oldKeyId, reason: ROTATION_REASON, nonce });
  if (retirement && !(await old.verify(farewell, retirement))) {
    throw new ReceiverError('enrolment-refused', 'retirement is not the old key’s over the text that revokes it');
  }
  return appendRegistry(context, async (client, append) => {
    await requireRotatable(client, rotation);
    await requireNonce(client, rotation.nonce);
    const { algorithm } = old.key;
    const enrolment = {
      authority: 'rotation',
      key: newKey,
      devices,
      by: oldKeyId,
      nonce,
      possession: rotation.possession,
    } as const;
    const { leafIndex } = append.push({
      kind: LEAF_KIND.keyEnrolled,
      algorithm,
      keyId: newKey.keyId,
      signature: rotation.signature,
      message: encodeEnrolment(enrolment),
    });
    append.enrolments.push({ keyId: newKey.keyId, publicKey: newKey.spki, devices, leafIndex });
    if (!retirement) return { leafIndex };
    const message = encodeRevocation({ authority: 'rotation', by: oldKeyId, nonce, reason: ROTATION_REASON });
    const kind = LEAF_KIND.keyRevoked;
    const { leafIndex: revokedAtLeaf } = append.push({
      kind,
      algorithm,
      keyId: oldKeyId,
      signature: retirement,
      message,
    });
    append.revocations.push({ keyId: oldKeyId, leafIndex: revokedAtLeaf });
    return { leafIndex, revokedAtLeaf };
  });
}

/** A key of the registry, ready to verify with. Throws `key-not-found`. */
export async function usableKey(pool: Pool, keyId: KeyId): Promise<{ key: PublicKey; verify: Verifier }> {
  const stored = await findKey(pool, keyId);
  if (!stored) throw new ReceiverError('key-not-found', 'no leaf of this ledger enrols that key');
  const key = parsePublicKey(stored.publicKey);
  const verifier = key.ok ? createVerifier(key.value) : key;
  if (!key.ok || !verifier.ok) throw new Error(`the stored key ${toHex(keyId)} cannot be used`);
  return { key: key.value, verify: verifier.value };
}

async function requireRotatable(client: PoolClient, rotation: Rotation): Promise<void> {
  const old: StoredKey | undefined = await findKey(client, rotation.oldKeyId);
  if (old?.revokedAtLeaf !== undefined) throw new ReceiverError('enrolment-conflict', 'the old key was revoked');
  const foreign = rotation.devices.find((device) => !old?.devices.has(device));
  if (foreign !== undefined) {
    throw new ReceiverError('enrolment-refused', `the old key does not speak for ${JSON.stringify(foreign)}`);
  }
  const known = await findKey(client, rotation.newKey.keyId);
  if (known?.revokedAtLeaf !== undefined) throw new ReceiverError('enrolment-conflict', 'the new key was revoked');
}
