// Signing is for Node.js alone: a ledger's key has no business in a browser. The types say so, and whoever gets past them is told.

import type { Signer } from '../../signature.ts';

/** Not in a browser: throws. */
export function createSigner(_privateKey: never): Signer {
  throw new TypeError('a ledger signs where Node.js runs; in a browser this library only verifies');
}
