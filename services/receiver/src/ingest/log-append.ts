// The leaves that a transaction appends to the log, as they get their places one by one under the counter's lock, and what registry leaves
// among them change.

import { encodeLeaf, type Leaf, leafHash, type ReceiptEntry, transactionIdOf } from '@telltale/ledger';
import type { PoolClient } from 'pg';
import type { LogCounter } from '../store/identity-store.ts';
import { appendLeaves, type NewEnrolment, type NewLeaf, type NewRevocation } from '../store/leaf-store.ts';

export class LogAppend {
  readonly leaves: NewLeaf[] = [];
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

  /** Gives a leaf the next place. What a registry leaf changes is for the caller to add. */
  push(parts: Omit<Leaf, 'receivedAtUs'>): ReceiptEntry {
    const { receivedAtUs } = this;
    const leaf = { ...parts, receivedAtUs };
    const bytes = encodeLeaf(leaf);
    const hash = leafHash(bytes);
    const transactionId = transactionIdOf(leaf, hash);
    const leafIndex = this.found.nextLeafIndex + this.leaves.length;
    this.leaves.push({ leafIndex, leaf: bytes, transactionId, leafHash: hash, receivedAtUs });
    return { transactionId, leafIndex, leafHash: hash, receivedAtUs };
  }

  async write(client: PoolClient): Promise<void> {
    const { leaves, enrolments, revocations, counter } = this;
    if (leaves.length > 0) await appendLeaves(client, { leaves, enrolments, revocations, counter });
  }
}
