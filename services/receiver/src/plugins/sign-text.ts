// Signing with the ledger's key for plugins: texts of their own purposes only, so that no plugin signs what a block, a receipt or a checkpoint would.

import type { Signer } from '@telltale/ledger';

/** First line of a signed text (format.md); the purpose is its first group. */
const FIRST_LINE = /^telltale-([a-z][a-z0-9-]*)-v[1-9]\d*\n/;
/** What the ledger itself signs: packages/ledger, signed-text.ts. Checkpoints begin with an origin, which cannot begin with "telltale-". */
const OWN_PURPOSES = new Set(['block', 'receipt', 'possession', 'enrol', 'revoke']);

/** The ledger's signer for texts that begin with `telltale-<purpose>-v<number>`, of a purpose that is not the ledger's. It throws for others. */
export function pluginSigner(sign: Signer): Signer {
  return (text) => {
    // The first line is ASCII; what follows it does not matter here.
    const [, purpose] = FIRST_LINE.exec(Buffer.from(text).toString('latin1')) ?? [];
    if (purpose === undefined) throw new Error('a text that a plugin signs begins with a line telltale-<purpose>-v<n>');
    if (OWN_PURPOSES.has(purpose)) throw new Error(`texts of purpose ${purpose} are for the ledger to sign`);
    return sign(text);
  };
}
