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
  const buffer = bufferOf(bytes);
  buffer.write(text, 'base64');
  return buffer.toString('base64') === text ? bytes : undefined;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
