// SHA-256 where Node.js runs: node:crypto, which uses the processor's own instructions.

import { hash } from 'node:crypto';

/** 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer');
}
