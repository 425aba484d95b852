// What can go wrong in the receiver, by a literal code. http/error-table.ts says what each means to a caller.

export type ReceiverErrorCode =
  | 'body-malformed'
  | 'envelopes-refused'
  | 'too-many-envelopes'
  | 'envelope-too-large'
  | 'envelopes-forbidden'
  | 'enrolment-refused'
  | 'enrolment-conflict'
  | 'not-authorized'
  | 'key-not-found'
  | 'reading-not-found'
  | 'block-not-found'
  | 'tile-not-found'
  | 'pending'
  | 'device-not-found'
  | 'request-invalid'
  | 'checkpoint-malformed'
  | 'checkpoint-untrusted'
  | 'checkpoint-inconsistent'
  | 'log-unknown'
  | 'not-cosigned'
  | 'overloaded'
  | 'check-failed'
  | 'not-stored'
  | 'stopping'
  | 'ledger-mismatch'
  | 'ledger-key'
  | 'ledger-busy'
  | 'ledger-not-empty'
  | 'export-unreadable'
  | 'witness-key'
  | 'difficulty-fell'
  | 'head-moved'
  | 'edge-mismatch'
  | 'plugin-failed'
  | 'mqtt-ca'
  | 'quorum-unavailable'
  | 'not-replicated';

/** What is wrong with one item of a request. */
export interface ItemFault {
  /** Place in the array, from 0; null where the whole body is at fault. */
  readonly position: number | null;
  readonly code: string;
  readonly message: string;
}

export class ReceiverError extends Error {
  readonly code: ReceiverErrorCode;
  readonly faults: readonly ItemFault[];

  constructor(code: ReceiverErrorCode, message: string, more: { cause?: unknown; faults?: readonly ItemFault[] } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = code;
    this.faults = more.faults ?? [];
  }
}
