// Enrolling a key: whoever holds a token vouches for it, the key itself shows that it is there, and both stand in the log.
// Source: format.md "Kinds 2 and 3".

import {
  createVerifier,
  deviceFault,
  encodeEnrolment,
  enrolText,
  type KeyId,
  LEAF_KIND,
  type PublicKey,
  possessionText,
  type Signer,
  toHex,
} from '@telltale/ledger';
import type { PoolClient } from 'pg';
import { ReceiverError } from '../errors.ts';
import { takeInvite, takeNonce } from '../store/enrolment-store.ts';
import { findKey, findTakenDevices } from '../store/registry-store.ts';
import { appendRegistry, type RegistryContext } from './append-registry.ts';
import { hashToken, isSameToken } from './secret.ts';

export interface Enrolment {
  readonly token: string;
  readonly key: PublicKey;
  readonly devices: readonly string[];
  /** 32 bytes that this receiver gave. */
  readonly nonce: Uint8Array;
  /** The key's signature over `possessionText`. */
  readonly possession: Uint8Array;
}

export interface EnrolContext extends RegistryContext {
  readonly origin: string;
  readonly ledgerKey: PublicKey;
  readonly sign: Signer;
  /** Undefined: only one-time tokens enrol. */
  readonly enrollmentToken: string | undefined;
}

/**
 * Enrols a key for devices and gives the leaf that says so. Throws ReceiverError: `enrolment-refused` (token, nonce or proof of possession),
 * `enrolment-conflict` (the key was revoked, or a device has another key in force and no invitation names it).
 */
export async function enrol(context: EnrolContext, enrolment: Enrolment): Promise<{ leafIndex: number }> {
  const { key, devices } = enrolment;
  checkDevices(devices);
  const nonce = toHex(enrolment.nonce);
  await checkPossession({ origin: context.origin, key, nonce, possession: enrolment.possession });
  const signature = context.sign(enrolText({ origin: context.origin, keyId: key.keyId, devices, nonce }));
  return appendRegistry(context, async (client, append) => {
    const invitation = await admit(client, { token: enrolment.token, enrollmentToken: context.enrollmentToken });
    if (invitation.devices && !devices.every((device) => invitation.devices?.includes(device))) {
      throw new ReceiverError('enrolment-refused', 'the invitation is for other devices');
    }
    await requireNonce(client, enrolment.nonce);
    await requireFree(client, { keyId: key.keyId, devices, isInvited: invitation.devices !== undefined });
    const by = context.ledgerKey;
    const { possession } = enrolment;
    const message = encodeEnrolment({ authority: 'token', key, devices, by: by.keyId, nonce, possession });
    const kind = LEAF_KIND.keyEnrolled;
    const { leafIndex } = append.push({ kind, algorithm: by.algorithm, keyId: key.keyId, signature, message });
    append.enrolments.push({ keyId: key.keyId, publicKey: key.spki, devices, leafIndex });
    return { leafIndex };
  });
}

/** Throws `request-invalid` for names that no device may have, or one that stands twice. */
export function checkDevices(devices: readonly string[]): void {
  const fault = devices.map(deviceFault).find((message) => message !== undefined);
  if (fault !== undefined) throw new ReceiverError('request-invalid', fault);
  if (new Set(devices).size < devices.length) throw new ReceiverError('request-invalid', 'a device is named twice');
}

/** Throws `enrolment-refused` unless the key signed for this ledger and nonce. */
export async function checkPossession(of: {
  origin: string;
  key: PublicKey;
  nonce: string;
  possession: Uint8Array;
}): Promise<void> {
  const verifier = createVerifier(of.key);
  const text = possessionText({ origin: of.origin, keyId: of.key.keyId, nonce: of.nonce });
  if (!verifier.ok || !(await verifier.value(text, of.possession))) {
    throw new ReceiverError(
      'enrolment-refused',
      'possession is not the key’s signature over the text for this ledger and nonce',
    );
  }
}

/** Takes the nonce. Throws `enrolment-refused` when it is not one that waits. */
export async function requireNonce(client: PoolClient, nonce: Uint8Array): Promise<void> {
  if (await takeNonce(client, nonce)) return;
  throw new ReceiverError(
    'enrolment-refused',
    'the nonce was not given by this ledger, was used, or ran out: ask for another',
  );
}

async function admit(
  client: PoolClient,
  by: { token: string; enrollmentToken: string | undefined },
): Promise<{ devices: readonly string[] | undefined }> {
  if (by.enrollmentToken !== undefined && isSameToken(by.token, by.enrollmentToken)) return { devices: undefined };
  const invitation = await takeInvite(client, hashToken(by.token));
  if (!invitation) throw new ReceiverError('enrolment-refused', 'the token is not known, was used, or ran out');
  return invitation;
}

async function requireFree(
  client: PoolClient,
  enrolment: { keyId: KeyId; devices: readonly string[]; isInvited: boolean },
): Promise<void> {
  const known = await findKey(client, enrolment.keyId);
  if (known?.revokedAtLeaf !== undefined) {
    throw new ReceiverError('enrolment-conflict', 'this key was revoked: a key that was revoked never comes back');
  }
  // Whoever has a token may add devices, not speak for those of others: that takes the old key (rotation) or an invitation by name.
  const taken = enrolment.isInvited ? [] : await findTakenDevices(client, enrolment);
  if (taken.length === 0) return;
  throw new ReceiverError(
    'enrolment-conflict',
    `another key speaks for ${JSON.stringify(taken[0])}: rotate it, or invite for this device`,
  );
}
