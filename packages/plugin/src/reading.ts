// Readings as plugins see them: just accepted, or looked up.

import type { Hash } from '@telltale/ledger';

/** A reading whose commit has just succeeded. Its bytes are views of a whole request's: copy what is kept. */
export interface AcceptedReading {
  readonly leafIndex: number;
  readonly transactionId: Hash;
  readonly leafHash: Hash;
  /** The leaf as it stands in the log (`decodeLeaf`). */
  readonly leaf: Uint8Array;
  /** The device that it speaks for, the key's own where the message names none. */
  readonly device: string;
  /** The receiver's clock, microseconds since the Unix epoch. */
  readonly receivedAtUs: number;
  /** What the message says of itself, if anything; the time in microseconds. Of a list: of its last element that says it. */
  readonly seq?: number | undefined;
  /** Of a list with more than one sequence number: all of them, in order. What it measured: `resolveReading` of the ledger. */
  readonly seqs?: readonly number[] | undefined;
  readonly deviceTimeUs?: number | undefined;
}

/** Where a leaf was sealed. */
export interface Sealing {
  readonly blockIndex: number;
  /** The block's timestamp, microseconds since the Unix epoch. */
  readonly sealedAtUs: number;
}

/** A leaf of this ledger, of any kind. */
export interface LoggedLeaf {
  readonly leafIndex: number;
  readonly leaf: Uint8Array;
  /** Undefined: pending. */
  readonly sealing?: Sealing;
}

/** Looks leaves of this ledger up, pending ones included. Everything here may throw what the database throws. */
export interface ReadingReader {
  /** The leaf with this transaction id (32 bytes); undefined if it was never accepted. */
  find(transactionId: Uint8Array): Promise<LoggedLeaf | undefined>;
  /** The leaves at these indexes, which ascend: as many of the first as fit about 1 MB, at least one. Throws where one is not stored. */
  at(leafIndexes: readonly number[]): Promise<LoggedLeaf[]>;
}
