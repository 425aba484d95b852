// RSASSA-PSS verification with SHA-256, MGF1-SHA-256, e = 65537 and any salt length: RFC 8017 sections 8.1.2 and 9.1.2.
// Own arithmetic, because Web Crypto must be told the salt length, which only the signature says. Public values alone, so nothing here
// needs constant time.

import { sha256 } from '@noble/hashes/sha2.js';
import { concat, equalBytes, viewOf } from '../../bytes.ts';

const HASH_BYTES = 32;
const TRAILER = 0xbc;

/** Says whether a signature is of the key with this modulus (big-endian, without leading zeros). */
export function createRsaPssVerifier(
  modulusBytes: Uint8Array,
): (message: Uint8Array, signature: Uint8Array) => boolean {
  const modulus = bigEndian(modulusBytes);
  const modulusBits = 8 * modulusBytes.length - Math.clz32(modulusBytes[0] ?? 0) + 24;
  return (message, signature) => {
    // OpenSSL cannot compute with an even modulus, which no RSA key has: nothing that it "signs" is valid.
    if (signature.length !== modulusBytes.length || modulus % 2n === 0n) return false;
    const value = bigEndian(signature);
    if (value >= modulus) return false;
    const encodedBytes = Math.ceil((modulusBits - 1) / 8);
    const encoded = toBigEndian(raiseTo65537(value, modulus), encodedBytes);
    return encoded !== undefined && isEncodingOf({ encoded, encodedBits: modulusBits - 1, message });
  };
}

/** EMSA-PSS-VERIFY, the salt being whatever stands behind the 0x01 byte. */
function isEncodingOf(at: { encoded: Uint8Array; encodedBits: number; message: Uint8Array }): boolean {
  const { encoded } = at;
  if (encoded.length < HASH_BYTES + 2 || encoded.at(-1) !== TRAILER) return false;
  const dbBytes = encoded.length - HASH_BYTES - 1;
  const masked = encoded.subarray(0, dbBytes);
  const hash = encoded.subarray(dbBytes, dbBytes + HASH_BYTES);
  const freeBits = 8 * encoded.length - at.encodedBits;
  if ((masked[0] ?? 0) >> (8 - freeBits) !== 0) return false;
  const db = mask(hash, dbBytes).map((byte, i) => byte ^ (masked[i] ?? 0));
  db[0] = (db[0] ?? 0) & (0xff >> freeBits);
  const separator = db.findIndex((byte) => byte !== 0);
  if (db[separator] !== 0x01) return false;
  const salt = db.subarray(separator + 1);
  return equalBytes(sha256(concat(new Uint8Array(8), sha256(at.message), salt)), hash);
}

/** MGF1 with SHA-256 (RFC 8017 appendix B.2.1). */
function mask(seed: Uint8Array, sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(HASH_BYTES * Math.ceil(sizeBytes / HASH_BYTES));
  const counter = new Uint8Array(4);
  for (let i = 0; i * HASH_BYTES < sizeBytes; i++) {
    viewOf(counter).setUint32(0, i);
    bytes.set(sha256(concat(seed, counter)), i * HASH_BYTES);
  }
  return bytes.subarray(0, sizeBytes);
}

/** value^65537: sixteen squarings and one multiplication. */
function raiseTo65537(value: bigint, modulus: bigint): bigint {
  let power = value;
  for (let i = 0; i < 16; i++) power = (power * power) % modulus;
  return (power * value) % modulus;
}

function bigEndian(bytes: Uint8Array): bigint {
  let hex = '0x0';
  for (const byte of bytes) hex += byte.toString(16).padStart(2, '0');
  return BigInt(hex);
}

/** `sizeBytes` bytes, or undefined when the value needs more. */
function toBigEndian(value: bigint, sizeBytes: number): Uint8Array | undefined {
  const hex = value.toString(16).padStart(2 * sizeBytes, '0');
  if (hex.length > 2 * sizeBytes) return undefined;
  return Uint8Array.from({ length: sizeBytes }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}
