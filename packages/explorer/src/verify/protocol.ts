// What the page and the worker that verifies say to each other. Structured-clone safe.

/** What is to be verified. `verifierKey`: a C2SP verifier key of whom is trusted; absent: an export is taken for what it says it is. */
export type VerifyRequest =
  | { readonly kind: 'ledger'; readonly verifierKey?: string }
  | { readonly kind: 'file'; readonly file: File; readonly verifierKey?: string; readonly ledgerVerifierKey: string };

export type VerifyMessage =
  | VerifyProgress
  | ChainVerdict
  | ProofVerdict
  /** No verdict: what was asked for could not be read to its end. */
  | { readonly kind: 'failed'; readonly message: string };

export interface VerifyProgress {
  readonly kind: 'progress';
  readonly blocks: number;
  readonly leaves: number;
  readonly sizeBytes: number;
}

export interface ChainVerdict {
  readonly kind: 'chain';
  readonly isSound: boolean;
  /** told: by the key that somebody gave; export: by the key that the export itself brings. */
  readonly keySource: 'told' | 'export';
  readonly origin?: string;
  readonly blocks: number;
  readonly leaves: number;
  readonly readings: number;
  readonly devices: number;
  /** Of all devices together. */
  readonly missing: number;
  readonly duplicates: number;
  readonly headHash?: string;
  readonly durationMs: number;
  readonly fault?: {
    readonly code: string;
    readonly message: string;
    readonly blockIndex?: number;
    readonly leafIndex?: number;
    readonly line: number;
  };
}

export type ProofVerdict =
  | { readonly kind: 'proof'; readonly isSound: false; readonly message: string }
  | {
      readonly kind: 'proof';
      readonly isSound: true;
      /** told: the key was given here; receiver: it is the one that this receiver says is its own. */
      readonly keySource: 'told' | 'receiver';
      readonly origin: string;
      readonly leafIndex: number;
      readonly treeSize: number;
      readonly transactionId: string;
      readonly device?: string;
      readonly receivedAtUs: number;
      readonly text: string;
    };
