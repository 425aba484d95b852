// Ed25519 verification without cofactor, as OpenSSL does it: R must be, to the byte, the encoding of [S]B − [k]A (RFC 8032 section 5.1.7).
// noble's own verify multiplies by the cofactor, and so accepts signatures whose R has a part of small order: another verdict. An R of small
// order, with no other part, is refused on both platforms, although it may be that encoding.

import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat, equalBytes } from '../../bytes.ts';
import { hasSmallOrder } from '../../ed25519-small-order.ts';

const SIGNATURE_BYTES = 64;
const { Point } = ed25519;
/** L, the order of the base point. */
const ORDER = Point.Fn.ORDER;

type EdwardsPoint = InstanceType<typeof Point>;

/** Says whether a signature is of the key with these 32 bytes. Bytes that are no point of the curve sign nothing. */
export function createEd25519Verifier(key: Uint8Array): (message: Uint8Array, signature: Uint8Array) => boolean {
  const point = pointOf(key);
  if (!point) return () => false;
  const negated = point.negate();
  return (message, signature) => {
    if (signature.length !== SIGNATURE_BYTES || hasSmallOrder(signature)) return false;
    const r = signature.subarray(0, 32);
    const s = littleEndian(signature.subarray(32));
    if (s >= ORDER) return false;
    const k = littleEndian(sha512(concat(r, key, message))) % ORDER;
    const expected = Point.BASE.multiplyUnsafe(s).add(negated.multiplyUnsafe(k));
    return equalBytes(expected.toBytes(), r);
  };
}

function pointOf(key: Uint8Array): EdwardsPoint | undefined {
  try {
    return Point.fromBytes(key, false);
  } catch {
    // noble says "not on the curve" by throwing; OpenSSL takes such a key and finds every signature invalid.
    return undefined;
  }
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i] ?? 0);
  return value;
}
