// What a monitor finds: a history that does not continue the one it saw, and what shows that to others.

/** `evidence`: what was signed, so that anybody with the ledger's key can judge it alone. */
export interface WatchFault {
  readonly code: string;
  readonly message: string;
  readonly blockIndex?: number;
  readonly leafIndex?: number;
  readonly evidence: { readonly [name: string]: unknown };
}
