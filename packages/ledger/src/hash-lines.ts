// Hashes as lines of base64, and sizes as decimal lines: what C2SP's proof and witness texts have in common.
// Source: C2SP tlog-proof "Format", tlog-witness "add-checkpoint".

import { fromBase64, toBase64 } from './bytes.ts';
import { asHash, HASH_BYTES, type Hash } from './hash.ts';

/** Longest path in a tree of fewer than 2^63 leaves (C2SP tlog-witness: no more than 63 lines). */
export const MAX_PATH_HASHES = 63;

/** One line of base64 a hash, each ending in a line feed. */
export function formatHashLines(path: readonly Hash[]): string {
  return path.map((hash) => `${toBase64(hash)}\n`).join('');
}

/** The hashes of such lines, or undefined when one is not a hash or there are more than a path can have. */
export function parseHashLines(lines: readonly string[]): Hash[] | undefined {
  if (lines.length > MAX_PATH_HASHES) return undefined;
  const path: Hash[] = [];
  for (const line of lines) {
    const bytes = fromBase64(line);
    if (bytes?.length !== HASH_BYTES) return undefined;
    path.push(asHash(bytes));
  }
  return path;
}

/** A decimal number below 2^53 without leading zeros, or undefined. */
export function parseDecimal(text: string): number | undefined {
  const number = Number(text);
  return /^(0|[1-9][0-9]*)$/.test(text) && Number.isSafeInteger(number) ? number : undefined;
}
