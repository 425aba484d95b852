// Hexadecimal and base64 where Node.js runs: Buffer's, which reads over whatever it does not understand, held to the one right spelling.

import { allocate } from './memory.ts';

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('hex');
}

/** Bytes of lower-case hexadecimal, or undefined for any other text. */
export function fromHex(text: string): Uint8Array | undefined {
  const bytes = allocate(text.length >> 1);
  bufferOf(bytes).write(text, 'hex');
  return text.length % 2 === 0 && toHex(bytes) === text ? bytes : undefined;
}

/** Padded base64 in the standard alphabet. */
export function toBase64(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('base64');
}

/** Bytes of canonical, padded base64, or undefined for any other text. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = allocate(Buffer.byteLength(text, 'base64'));
  return readBase64(text, { bytes, at: 0 }) === bytes.length ? bytes : undefined;
}

/** The same from ASCII bytes into `target`, which has room for 3 bytes for every 4 digits. Gives the offset behind the last byte. */
export function decodeBase64(text: Uint8Array, target: { bytes: Uint8Array; at: number }): number | undefined {
  return readBase64(bufferOf(text).toString('latin1'), target);
}

function readBase64(text: string, target: { bytes: Uint8Array; at: number }): number | undefined {
  const buffer = bufferOf(target.bytes);
  const end = target.at + buffer.write(text, target.at, 'base64');
  return buffer.toString('base64', target.at, end) === text ? end : undefined;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
