// Byte strings and their text forms: lower-case hexadecimal, canonical base64 (RFC 4648 section 4), UTF-8; big-endian integers.
// The decoders refuse every spelling but one, so that two different texts never stand for the same bytes.

import { allocate } from '#platform/memory';
import { fromHex } from '#platform/text';

/** Bytes that may hold anything until they are written. What is kept for long wants a copy: a piece may keep more memory than its own. */
export { allocate } from '#platform/memory';
/**
 * `toHex`, `fromHex`: lower-case hexadecimal. `toBase64`, `fromBase64`: padded base64 in the standard alphabet, no white space, no stray bits
 * under the padding. `from…` give undefined for any other text.
 */
export { fromBase64, fromHex, toBase64, toHex } from '#platform/text';
export { decodeBase64 } from './base64-bytes.ts';

const encoder = new TextEncoder();
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** The text of strict UTF-8 bytes, or undefined. A byte order mark is kept as a character. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    // TextDecoder says "invalid" by throwing; there is nothing else to learn from it.
    return undefined;
  }
}

/** The bytes of a constant in lower-case hexadecimal. Throws for any other text. */
export function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (!bytes) throw new TypeError(`not hexadecimal: ${hex}`);
  return bytes;
}

/** One byte string after another. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  let sizeBytes = 0;
  for (const part of parts) sizeBytes += part.length;
  const whole = allocate(sizeBytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Same length and same bytes. Not constant-time: for public values only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A view over the same memory, for reading and writing big-endian integers. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
