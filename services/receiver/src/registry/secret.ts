// Comparing and keeping secrets: never as they are, never in a time that tells how much of a guess was right.

import { createHash, timingSafeEqual } from 'node:crypto';

/** SHA-256 of a token: what is stored of it. Tokens are long and random, so no salt and no slow hash are needed. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}

/** Whether two tokens are the same; the time does not depend on where they differ, nor on their lengths. */
export function isSameToken(a: string, b: string): boolean {
  return timingSafeEqual(hashToken(a), hashToken(b));
}
