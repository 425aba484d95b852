// What the receiver asks plugins for when its own ledger does not hold it.

import type { Hash } from '@telltale/ledger';
import type { Sealing } from './reading.ts';

/** GET /v1/readings/{transaction_id} of a transaction that this ledger did not accept. */
export interface ReadingQuery {
  readonly kind: 'reading';
  readonly transactionId: Hash;
}

/** A transaction of another ledger. The receiver checks that `leaf` has the id that was asked for; the place is the plugin's word. */
export interface FoundReading {
  /** Of the ledger that holds it. */
  readonly origin: string;
  /** Its place in that ledger's log. */
  readonly leafIndex: number;
  readonly leaf: Uint8Array;
  /** Undefined: pending there. */
  readonly sealing?: Sealing;
}
