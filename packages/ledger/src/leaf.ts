// One transaction as the log holds it: 44 fixed bytes, a signature, a message. All three kinds. Source: format.md "Leaf".

import { allocate, viewOf } from './bytes.ts';
import { type Hash, sha256Joined } from './hash.ts';
import { ALGORITHM, type AlgorithmId, asKeyId, type KeyId } from './keys.ts';
import { accept, type Result, refuse } from './result.ts';

/** First byte of a leaf. */
export const LEAF_KIND = { reading: 1, keyEnrolled: 2, keyRevoked: 3 } as const;
/** 1 reading, 2 key enrolled, 3 key revoked. */
export type LeafKind = (typeof LEAF_KIND)[keyof typeof LEAF_KIND];

/** `algorithm` of a leaf that nobody signed: a key's first use. */
export const UNSIGNED = 0;

/** One transaction of the log, decoded. Source: format.md "Leaf". */
export interface Leaf {
  readonly kind: LeafKind;
  readonly algorithm: AlgorithmId | typeof UNSIGNED;
  /** The receiver's clock, microseconds since the Unix epoch; a safe integer. */
  readonly receivedAtUs: number;
  /** Kind 1: the signer. Kinds 2 and 3: the key that is enrolled or revoked. */
  readonly keyId: KeyId;
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
}

/** Why bytes are no leaf: a length out of bounds, an unknown kind or algorithm, or a time past 2^53 − 1. */
export type LeafCode = 'leaf-length' | 'leaf-kind' | 'leaf-algorithm' | 'leaf-time';

/** Bytes before the signature. */
export const LEAF_FIXED_BYTES = 44;
/** A C2SP tlog-tiles entry is at most 65,535 bytes, so a message is at most 65,491 less its signature. */
export const MAX_LEAF_BYTES = 65_535;

/** RFC 6962 section 2.1: domain separation of leaf hashes. */
const LEAF_PREFIX = Uint8Array.of(0x00);

/** Longest message, in bytes, beside a signature of this length. */
export function maxMessageBytes(signatureBytes: number): number {
  return MAX_LEAF_BYTES - LEAF_FIXED_BYTES - signatureBytes;
}

/** The bytes of a leaf. Throws RangeError for what no receiver may have accepted (too long, a time that is not a safe integer). */
export function encodeLeaf(leaf: Leaf): Uint8Array {
  const { signature, message } = leaf;
  const sizeBytes = LEAF_FIXED_BYTES + signature.length + message.length;
  if (sizeBytes > MAX_LEAF_BYTES) throw new RangeError(`a leaf has at most ${MAX_LEAF_BYTES} bytes, not ${sizeBytes}`);
  const bytes = allocate(sizeBytes);
  const view = viewOf(bytes);
  bytes[0] = leaf.kind;
  bytes[1] = leaf.algorithm;
  setReceivedAt(bytes, leaf.receivedAtUs);
  bytes.set(leaf.keyId, 10);
  view.setUint16(42, signature.length);
  bytes.set(signature, LEAF_FIXED_BYTES);
  bytes.set(message, LEAF_FIXED_BYTES + signature.length);
  return bytes;
}

/** Sets `received_at` of an encoded leaf, in place. Throws RangeError for a time that is not a safe integer. */
export function setReceivedAt(leaf: Uint8Array, receivedAtUs: number): void {
  if (!Number.isSafeInteger(receivedAtUs) || receivedAtUs < 0) {
    throw new RangeError(`receivedAtUs is not a time: ${receivedAtUs}`);
  }
  viewOf(leaf).setBigUint64(2, BigInt(receivedAtUs));
}

/** Reads a leaf. The parts are views of `bytes`, not copies. Whether signature and message are right is not looked at. */
export function decodeLeaf(bytes: Uint8Array): Result<Leaf, LeafCode> {
  if (bytes.length < LEAF_FIXED_BYTES || bytes.length > MAX_LEAF_BYTES) {
    return refuse('leaf-length', `a leaf has ${LEAF_FIXED_BYTES} to ${MAX_LEAF_BYTES} bytes, not ${bytes.length}`);
  }
  // Byte by byte: a DataView for each leaf of a long log costs more than reading its three numbers.
  const kindByte = bytes[0] ?? 0;
  const algorithmByte = bytes[1] ?? 0;
  const kind = kindOf(kindByte);
  if (kind === undefined) return refuse('leaf-kind', `a leaf of kind ${kindByte} is unknown`);
  const signatureBytes = bigEndian(bytes, 42, 44);
  const messageStart = LEAF_FIXED_BYTES + signatureBytes;
  if (messageStart > bytes.length) return refuse('leaf-length', 'the signature is longer than the leaf');
  const algorithm = algorithmOf(algorithmByte);
  if (algorithm === undefined) return refuse('leaf-algorithm', `algorithm ${algorithmByte} is unknown`);
  if ((algorithm === UNSIGNED) !== (signatureBytes === 0)) {
    return refuse('leaf-algorithm', 'a leaf has an algorithm exactly when it has a signature');
  }
  if (algorithm === UNSIGNED && kind !== LEAF_KIND.keyEnrolled) {
    return refuse('leaf-algorithm', 'only the first use of a key may stand without a signature');
  }
  // Past 2^53 this may be rounded, never to less.
  const receivedAtUs = bigEndian(bytes, 2, 10);
  if (!Number.isSafeInteger(receivedAtUs)) return refuse('leaf-time', 'received_at is past 2^53 microseconds');
  return accept({
    kind,
    algorithm,
    receivedAtUs,
    keyId: asKeyId(bytes.subarray(10, 42)),
    signature: bytes.subarray(LEAF_FIXED_BYTES, messageStart),
    message: bytes.subarray(messageStart),
  });
}

/** leaf_hash = SHA-256(0x00 ‖ leaf), RFC 6962 section 2.1. */
export function leafHash(leaf: Uint8Array): Hash {
  return sha256Joined(LEAF_PREFIX, leaf);
}

/** transaction_id of a reading = SHA-256(key_id ‖ message): the same message of the same key, however often it is sent. */
export function readingTransactionId(reading: Pick<Leaf, 'keyId' | 'message'>): Hash {
  return sha256Joined(reading.keyId, reading.message);
}

/** transaction_id of any leaf: that of its reading, or for registry leaves the leaf hash. */
export function transactionIdOf(leaf: Leaf, hash: Hash): Hash {
  return leaf.kind === LEAF_KIND.reading ? readingTransactionId(leaf) : hash;
}

function kindOf(byte: number): LeafKind | undefined {
  switch (byte) {
    case LEAF_KIND.reading:
    case LEAF_KIND.keyEnrolled:
    case LEAF_KIND.keyRevoked:
      return byte;
    default:
      return undefined;
  }
}

function algorithmOf(byte: number): AlgorithmId | typeof UNSIGNED | undefined {
  switch (byte) {
    case UNSIGNED:
    case ALGORITHM.ed25519:
    case ALGORITHM['ecdsa-p256']:
    case ALGORITHM['rsa-pss']:
      return byte;
    default:
      return undefined;
  }
}

/** The unsigned number that bytes [start, end) spell. */
function bigEndian(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 256 + (bytes[i] ?? 0);
  return value;
}
