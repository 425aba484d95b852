// The texts that keys sign, besides readings. Each begins with its own `telltale-<purpose>-v1` line and a reading begins with `{` or `[`,
// so no signature made for one purpose can be used for another. Source: format.md "Why this shape" and the sections named below.

import { toHex, utf8 } from './bytes.ts';
import { canonicalJson } from './canonical-json.ts';
import type { Hash } from './hash.ts';
import type { KeyId } from './keys.ts';

/** Signed by the ledger's key for each block ("Block signature"). */
export function blockText(block: { origin: string; hash: Hash }): Uint8Array {
  return lines('telltale-block-v1', block.origin, toHex(block.hash));
}

/** Signed by the ledger's key once for the receipts of a group commit ("Receipts and proofs"). */
export function receiptText(receipts: { origin: string; root: Hash; sealByUs: number }): Uint8Array {
  return lines('telltale-receipt-v1', receipts.origin, toHex(receipts.root), String(receipts.sealByUs));
}

/** Signed by a key that is enrolled: it is there, for this ledger, now ("Kind 2"). `nonce`: hexadecimal, from the receiver. */
export function possessionText(enrolment: { origin: string; keyId: KeyId; nonce: string }): Uint8Array {
  return lines('telltale-possession-v1', enrolment.origin, toHex(enrolment.keyId), enrolment.nonce);
}

/** Signed by whoever enrols a key ("Kind 2"). */
export function enrolText(enrolment: {
  origin: string;
  keyId: KeyId;
  devices: readonly string[];
  nonce: string;
}): Uint8Array {
  const { origin, keyId, devices, nonce } = enrolment;
  return lines('telltale-enrol-v1', origin, toHex(keyId), canonicalJson(devices), nonce);
}

/** Signed by whoever revokes a key ("Kind 3"). */
export function revokeText(revocation: { origin: string; keyId: KeyId; reason: string; nonce: string }): Uint8Array {
  const { origin, keyId, reason, nonce } = revocation;
  return lines('telltale-revoke-v1', origin, toHex(keyId), canonicalJson(reason), nonce);
}

function lines(...parts: string[]): Uint8Array {
  return utf8(parts.map((part) => `${part}\n`).join(''));
}
