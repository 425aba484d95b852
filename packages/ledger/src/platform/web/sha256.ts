// SHA-256 in a browser: @noble/hashes, because Web Crypto only answers later, and the log's tree is made of millions of small hashes.

import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';

const encoder = new TextEncoder();

/** 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes);
}

/** Of the UTF-8 bytes of a text. */
export function sha256Text(text: string): Uint8Array {
  return nobleSha256(encoder.encode(text));
}
