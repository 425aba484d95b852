// SHA-256 (FIPS 180-4), the only hash of the format, and the 32-byte value that it gives.

import { sha256 as platformSha256, sha256Text as platformSha256Text } from '#platform/sha256';
import type { Brand } from './brand.ts';
import { fromHex } from './bytes.ts';

/** 32 bytes that SHA-256 gave. */
export type Hash = Brand<Uint8Array, 'Hash'>;

/** SHA-256 output, in bytes (FIPS 180-4). */
export const HASH_BYTES = 32;

/** SHA-256 of a byte string. */
export function sha256(bytes: Uint8Array): Hash {
  return platformSha256(bytes) as Hash;
}

/** SHA-256 of the UTF-8 bytes of a text. */
export function sha256Text(text: string): Hash {
  return platformSha256Text(text) as Hash;
}

/** Where short byte strings are put together. Nothing that uses it awaits. The length is a guess above most leaves. */
const joined = new Uint8Array(4096);

/** SHA-256 of one byte string behind another. */
export function sha256Joined(first: Uint8Array, second: Uint8Array): Hash {
  const sizeBytes = first.length + second.length;
  const whole = sizeBytes <= joined.length ? joined : new Uint8Array(sizeBytes);
  whole.set(first);
  whole.set(second, first.length);
  return sha256(whole.subarray(0, sizeBytes));
}

/** Takes 32 bytes as a Hash. Throws on any other length. */
export function asHash(bytes: Uint8Array): Hash {
  if (bytes.length !== HASH_BYTES) throw new RangeError(`a hash has ${HASH_BYTES} bytes, not ${bytes.length}`);
  return bytes as Hash;
}

/** The Hash that 64 lower-case hexadecimal digits spell, or undefined. */
export function hashFromHex(text: string): Hash | undefined {
  const bytes = fromHex(text);
  return bytes?.length === HASH_BYTES ? asHash(bytes) : undefined;
}
