// A leaf as the JSON that people and programs ask for. The message is spliced in as it was signed: nobody parses it and writes it again.
// Device time, received time and sealed time are three things: `received_at` is the receiver's clock, `sealed_at` the block's timestamp, and
// `clock_offset` how far the device's clock stood before the receiver's.

import {
  ALGORITHM,
  decodeLeaf,
  LEAF_KIND,
  type Leaf,
  leafHash,
  ownDevice,
  type Proof,
  parseReading,
  proofToJson,
  type Reading,
  resolveReading,
  toBase64,
  toHex,
  transactionIdOf,
  UNSIGNED,
} from '@telltale/ledger';
import type { StoredLeaf } from '../store/leaf-store.ts';
import type { Sealing } from '../store/reading-store.ts';

export interface ShownReading extends StoredLeaf {
  /** Undefined: pending. */
  readonly sealing: Sealing | undefined;
  /** Undefined: not asked for. Null: asked for, and there is no published checkpoint over the leaf yet. */
  readonly proof?: Proof | null;
  /** Of the ledger that holds it, where that is another one. */
  readonly origin?: string;
}

const OPEN_BRACKET = 0x5b;

const KIND_NAMES = {
  [LEAF_KIND.reading]: 'reading',
  [LEAF_KIND.keyEnrolled]: 'key-enrolled',
  [LEAF_KIND.keyRevoked]: 'key-revoked',
} as const;

const ALGORITHM_NAMES = {
  [UNSIGNED]: null,
  [ALGORITHM.ed25519]: 'ed25519',
  [ALGORITHM['ecdsa-p256']]: 'ecdsa-p256',
  [ALGORITHM['rsa-pss']]: 'rsa-pss',
} as const;

/** The bytes of one JSON object. Throws for a leaf that no receiver may have accepted. */
export function readingJson(shown: ShownReading): Buffer {
  const { proof, origin } = shown;
  const { deviceTimeUs, message, ...members } = readingMembers(shown);
  const isList = members.kind === 'reading' && message[0] === OPEN_BRACKET;
  const text = JSON.stringify({
    ...members,
    clock_offset: deviceTimeUs === undefined ? null : deviceTimeUs - members.received_at,
    ...(isList && resolvedMembers(message, members.received_at)),
    ...(origin !== undefined && { origin }),
    ...(proof !== undefined && { proof: proof && proofToJson(proof) }),
  });
  return Buffer.concat([Buffer.from(`${text.slice(0, -1)},"data":`), message, Buffer.from('}')]);
}

/** What a message of many readings measured, or why a pack cannot be resolved. */
function resolvedMembers(message: Uint8Array, receivedAtUs: number) {
  const resolved = resolveReading(message, { receivedAtUs });
  if (!resolved.ok) return { resolved: null, unresolved: { code: resolved.code, message: resolved.message } };
  return {
    resolved: (resolved.value ?? []).map(({ timeUs, updateTimeS, ...values }) => ({
      ...values,
      time: timeUs,
      ...(updateTimeS !== undefined && { update_time_s: updateTimeS }),
    })),
  };
}

/** What a stored leaf says, by the names of the API. Throws for a leaf that no receiver may have accepted. */
export function readingMembers({ leafIndex, leaf: bytes, sealing }: ShownReading) {
  const decoded = decodeLeaf(bytes);
  if (!decoded.ok) throw new Error(`leaf ${leafIndex} cannot be read: ${decoded.message}`);
  const leaf = decoded.value;
  const reading = readingOf(leaf);
  const hash = leafHash(bytes);
  return {
    transaction_id: toHex(transactionIdOf(leaf, hash)),
    leaf_index: leafIndex,
    leaf_hash: toHex(hash),
    kind: KIND_NAMES[leaf.kind],
    device: leaf.kind === LEAF_KIND.reading ? (reading?.device ?? ownDevice(leaf.keyId)) : null,
    seq: reading?.seq ?? null,
    key_id: toHex(leaf.keyId),
    algorithm: ALGORITHM_NAMES[leaf.algorithm],
    received_at: leaf.receivedAtUs,
    signature: toBase64(leaf.signature),
    state: sealing ? 'sealed' : 'pending',
    block_index: sealing?.blockIndex ?? null,
    sealed_at: sealing?.sealedAtUs ?? null,
    deviceTimeUs: reading?.deviceTimeUs,
    message: leaf.message,
  };
}

/** What the message of a kind 1 leaf says; undefined for registry leaves. */
function readingOf(leaf: Leaf): Reading | undefined {
  if (leaf.kind !== LEAF_KIND.reading) return undefined;
  const reading = parseReading(leaf.message);
  if (!reading.ok) throw new Error(`a stored reading cannot be read: ${reading.message}`);
  return reading.value;
}
