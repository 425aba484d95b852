// The leaves that a transaction appends to the log, as they get their places one by one under the counter's lock, and what registry leaves
// among them change.

import {
  encodeLeaf,
  type Hash,
  LEAF_KIND,
  type Leaf,
  leafHash,
  type ReceiptEntry,
  setReceivedAt,
  transactionIdOf,
} from '@telltale/ledger';
import type { PoolClient } from 'pg';
import type { HashedLeaf } from '../seal/hashed-leaf.ts';
import type { LogCounter } from '../store/identity-store.ts';
import { appendLeaves, type NewEnrolment, type NewLeaf, type NewRevocation } from '../store/leaf-store.ts';
import type { VerifiedReading } from './verified-reading.ts';

export class LogAppend {
  readonly leaves: NewLeaf[] = [];
  /** The same leaves as whoever seals them sees them. */
  readonly hashed: HashedLeaf[] = [];
  readonly enrolments: NewEnrolment[] = [];
  readonly revocations: NewRevocation[] = [];
  private readonly found: LogCounter;
  private readonly receivedAtUs: number;

  /** `counter`: as it was found under its lock. */
  constructor(start: { counter: LogCounter; nowUs: number }) {
    this.found = start.counter;
    // The receiver's clock may jump back; the log's never does.
    this.receivedAtUs = Math.max(start.nowUs, start.counter.lastReceivedAtUs);
  }

  /** The counter row as this leaves it. */
  get counter(): LogCounter {
    const registryLeaves = this.enrolments.length + this.revocations.length;
    return {
      nextLeafIndex: this.found.nextLeafIndex + this.leaves.length,
      lastReceivedAtUs: this.leaves.length === 0 ? this.found.lastReceivedAtUs : this.receivedAtUs,
      registryVersion: this.found.registryVersion + BigInt(registryLeaves),
    };
  }

  /** Gives a registry leaf the next place. What it changes is for the caller to add. */
  push(parts: Omit<Leaf, 'receivedAtUs'>): ReceiptEntry {
    const { leafIndex, receivedAtUs } = this.nextPlace;
    const leaf = { ...parts, receivedAtUs };
    const bytes = encodeLeaf(leaf);
    const hash = leafHash(bytes);
    this.hashed.push({ kind: parts.kind, leafIndex, receivedAtUs, hash });
    return this.place({ leaf: bytes, leafHash: hash, transactionId: transactionIdOf(leaf, hash) });
  }

  /** Gives a reading the next place, and its leaf the time. */
  pushReading({ leaf, transactionId, device, seq, seqs, deviceTimeUs }: VerifiedReading): ReceiptEntry {
    const { leafIndex, receivedAtUs } = this.nextPlace;
    setReceivedAt(leaf, receivedAtUs);
    const hash = leafHash(leaf);
    const reading = { device, leafIndex, receivedAtUs, seq, seqs, deviceTimeUs };
    this.hashed.push({ kind: LEAF_KIND.reading, leafIndex, receivedAtUs, hash, reading });
    return this.place({ leaf, leafHash: hash, transactionId });
  }

  private get nextPlace(): { leafIndex: number; receivedAtUs: number } {
    return { leafIndex: this.found.nextLeafIndex + this.leaves.length, receivedAtUs: this.receivedAtUs };
  }

  private place(of: { leaf: Uint8Array; leafHash: Hash; transactionId: Hash }): ReceiptEntry {
    const { transactionId, leafHash: hash } = of;
    const { leafIndex, receivedAtUs } = this.nextPlace;
    this.leaves.push({ ...of, leafIndex, receivedAtUs });
    return { transactionId, leafIndex, leafHash: hash, receivedAtUs };
  }

  async write(client: PoolClient): Promise<void> {
    const { leaves, enrolments, revocations, counter } = this;
    if (leaves.length > 0) await appendLeaves(client, { leaves, enrolments, revocations, counter });
  }
}
