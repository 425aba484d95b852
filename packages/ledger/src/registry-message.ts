// The messages of registry leaves, kinds 2 and 3: RFC 8785 JSON written by the receiver. Source: format.md "Kinds 2 and 3".

import { fromBase64, fromUtf8, toBase64, toHex, utf8 } from './bytes.ts';
import { canonicalJson } from './canonical-json.ts';
import { hashFromHex } from './hash.ts';
import { asKeyId, type KeyId, type PublicKey, parsePublicKey } from './keys.ts';
import { deviceFault } from './reading-members.ts';
import { accept, type Result, refuse } from './result.ts';

/** Who vouched for a key, and the signatures that show it. A first use is vouched for by nobody. */
export type Enrolment = { readonly key: PublicKey; readonly devices: readonly string[] } & (
  | { readonly authority: 'first-use' }
  | {
      readonly authority: 'token' | 'admin' | 'rotation';
      /** Key id of whoever signed the leaf: the ledger's, or for a rotation the old key's. */
      readonly by: KeyId;
      /** 32 bytes from the receiver, hexadecimal. */
      readonly nonce: string;
      /** The enrolled key's signature over `possessionText`. */
      readonly possession: Uint8Array;
    }
);

/** What a kind 3 leaf says. `by`: the signer; `nonce`: 32 bytes, hexadecimal. Source: format.md "Kinds 2 and 3". */
export interface Revocation {
  readonly authority: 'admin' | 'rotation' | 'self';
  readonly by: KeyId;
  readonly nonce: string;
  readonly reason: string;
}

export type RegistryMessageCode = 'registry-message';

/** The message of a kind 2 leaf. */
export function encodeEnrolment(enrolment: Enrolment): Uint8Array {
  const common = {
    authority: enrolment.authority,
    devices: enrolment.devices,
    public_key: toBase64(enrolment.key.spki),
  };
  if (enrolment.authority === 'first-use') return utf8(canonicalJson(common));
  const { by, nonce, possession } = enrolment;
  return utf8(canonicalJson({ ...common, by: toHex(by), nonce, possession: toBase64(possession) }));
}

/** The message of a kind 3 leaf. */
export function encodeRevocation(revocation: Revocation): Uint8Array {
  const { authority, by, nonce, reason } = revocation;
  return utf8(canonicalJson({ authority, by: toHex(by), nonce, reason }));
}

/** Reads the message of a kind 2 leaf: exactly the members of its authority, in the canonical form. */
export function parseEnrolment(message: Uint8Array): Result<Enrolment, RegistryMessageCode> {
  const members = canonicalMembers(message);
  if (!members) return malformed('the message of an enrolment is not canonical JSON');
  const { authority, devices, public_key: base64, ...signed } = members;
  const spki = typeof base64 === 'string' ? fromBase64(base64) : undefined;
  const key = spki && parsePublicKey(spki);
  if (!key?.ok) return malformed('an enrolment names no public key that can be used');
  if (!isStrings(devices) || devices.some((device) => deviceFault(device) !== undefined)) {
    return malformed('devices is not a list of device names');
  }
  if (authority === 'first-use') {
    if (Object.keys(signed).length > 0) return malformed('a first use has only authority, devices and public_key');
    return accept({ authority, key: key.value, devices });
  }
  if (authority !== 'token' && authority !== 'admin' && authority !== 'rotation') return malformed('unknown authority');
  const { by, nonce, possession, ...others } = signed;
  const byId = keyIdFromHex(by);
  const proof = typeof possession === 'string' ? fromBase64(possession) : undefined;
  if (!byId || !isNonce(nonce) || !proof || Object.keys(others).length > 0) {
    return malformed('an enrolment has exactly authority, by, devices, nonce, possession and public_key');
  }
  return accept({ authority, key: key.value, devices, by: byId, nonce, possession: proof });
}

/** Reads the message of a kind 3 leaf: exactly its four members, in the canonical form. */
export function parseRevocation(message: Uint8Array): Result<Revocation, RegistryMessageCode> {
  const members = canonicalMembers(message);
  if (!members) return malformed('the message of a revocation is not canonical JSON');
  const { authority, by, nonce, reason, ...others } = members;
  if (authority !== 'admin' && authority !== 'rotation' && authority !== 'self') return malformed('unknown authority');
  const byId = keyIdFromHex(by);
  if (!byId || !isNonce(nonce) || typeof reason !== 'string' || Object.keys(others).length > 0) {
    return malformed('a revocation has exactly authority, by, nonce and reason');
  }
  return accept({ authority, by: byId, nonce, reason });
}

type Members = { readonly [name: string]: string | readonly string[] };

/** The members of an object of strings and lists of strings that stands in its RFC 8785 form, or undefined. */
function canonicalMembers(message: Uint8Array): Members | undefined {
  const text = fromUtf8(message);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // A SyntaxError says where; the message as a whole is not of the receiver's making, and that is what matters.
    return undefined;
  }
  if (!isMembers(value)) return undefined;
  return canonicalJson(value) === text ? value : undefined;
}

function isMembers(value: unknown): value is Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const members = Object.entries(value);
  return members.every(([name, member]) => name.isWellFormed() && (isWellFormed(member) || isStrings(member)));
}

function isWellFormed(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed();
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isWellFormed);
}

function isNonce(value: unknown): value is string {
  return typeof value === 'string' && hashFromHex(value) !== undefined;
}

function keyIdFromHex(value: unknown): KeyId | undefined {
  const bytes = typeof value === 'string' ? hashFromHex(value) : undefined;
  return bytes && asKeyId(bytes);
}

function malformed(message: string) {
  return refuse('registry-message', message);
}
