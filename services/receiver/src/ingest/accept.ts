// The accept transaction: gives verified readings their place in the log. The only code that writes leaves.
// Source: architecture.md "The way of a reading", step 2.

import { inTransaction } from '@telltale/database';
import {
  asHash,
  encodeEnrolment,
  encodeLeaf,
  type Hash,
  LEAF_KIND,
  leafHash,
  type ReceiptEntry,
  toHex,
  UNSIGNED,
} from '@telltale/ledger';
import type { Pool, PoolClient } from 'pg';
import { type LogCounter, lockCounter } from '../store/identity-store.ts';
import {
  appendLeaves,
  findKeyDevices,
  findTransactions,
  type NewKeyDevice,
  type NewLeaf,
} from '../store/leaf-store.ts';
import { type KeyDevice, pairName, type RegistryCache } from './registry-cache.ts';
import type { VerifiedReading } from './verify-envelopes.ts';

/** What a group commit did. */
export interface Accepted {
  /** One entry for each reading given, in order; readings that were in the log already have their old place. */
  readonly entries: ReceiptEntry[];
  /** Leaves in the log now. */
  readonly logSize: number;
  readonly newReadings: number;
}

/**
 * Accepts readings in one transaction (READ COMMITTED) and returns once they are durable. The order of its steps is what makes it right:
 * 1. Lock the counter row: one receiver at a time, from here to the commit.
 * 2. In a new statement, so with a snapshot taken after the lock, look the transaction ids up: whatever another receiver accepted is seen.
 * 3. Give the next leaf indexes to new readings only, each new (key, device) pair's first-use leaf just before its reading.
 * 4. Insert, advance the counter, commit. Commits follow the order of the lock, so readers never see a leaf without those before it.
 * A crash before the commit leaves nothing; after it, everything, and a sender that heard no answer gets the same receipts by sending again.
 * Throws what PostgreSQL throws, and CommitOutcomeUnknownError.
 */
export async function acceptReadings(
  pool: Pool,
  group: { readings: readonly VerifiedReading[]; registry: RegistryCache; nowUs: () => number },
): Promise<Accepted> {
  const { readings, registry } = group;
  const done = await inTransaction(pool, { isolation: 'read committed' }, async (client) => {
    const counter = await lockCounter(client);
    registry.setVersion(counter.registryVersion);
    const known = await findKnown(client, readings);
    const pairs = await findPairs(client, { readings, known, registry });
    const append = new Append({ counter, pairs, nowUs: group.nowUs() });
    const entries = readings.map((reading) => append.entryOf(reading, known));
    if (append.leaves.length > 0) await appendLeaves(client, append);
    return { entries, append, counter, pairs };
  });
  const versions = { found: done.counter.registryVersion, left: done.append.counter.registryVersion };
  registry.learn([...done.pairs.values(), ...done.append.keyDevices], versions);
  const newReadings = done.append.leaves.length - done.append.keyDevices.length;
  return { entries: done.entries, logSize: done.append.counter.nextLeafIndex, newReadings };
}

/** The leaves that a transaction appends, as it grows reading by reading. */
class Append {
  readonly leaves: NewLeaf[] = [];
  readonly keyDevices: NewKeyDevice[] = [];
  private readonly receivedAtUs: number;
  private readonly found: LogCounter;
  private readonly pairs: Map<string, KeyDevice>;

  constructor(start: { counter: LogCounter; pairs: Map<string, KeyDevice>; nowUs: number }) {
    this.found = start.counter;
    this.pairs = new Map(start.pairs);
    // The receiver's clock may jump back; the log's never does.
    this.receivedAtUs = Math.max(start.nowUs, start.counter.lastReceivedAtUs);
  }

  get counter(): LogCounter {
    return {
      nextLeafIndex: this.found.nextLeafIndex + this.leaves.length,
      lastReceivedAtUs: this.receivedAtUs,
      registryVersion: this.found.registryVersion + BigInt(this.keyDevices.length),
    };
  }

  /** The place of a reading: the one that it has, also from earlier in this group, or the next. */
  entryOf(reading: VerifiedReading, known: Map<string, ReceiptEntry>): ReceiptEntry {
    const id = toHex(reading.transactionId);
    const old = known.get(id);
    if (old) return old;
    this.enrolAtFirstUse(reading);
    const { key, keyId, signature, message } = reading;
    const { receivedAtUs } = this;
    const leaf = encodeLeaf({
      kind: LEAF_KIND.reading,
      algorithm: key.algorithm,
      receivedAtUs,
      keyId,
      signature,
      message,
    });
    const transactionId = asHash(reading.transactionId);
    const entry = { ...this.push(leaf, transactionId), transactionId, receivedAtUs };
    known.set(id, entry);
    return entry;
  }

  private enrolAtFirstUse(reading: VerifiedReading): void {
    const pair = { keyId: reading.keyId, device: reading.device };
    if (this.pairs.has(pairName(pair))) return;
    this.pairs.set(pairName(pair), pair);
    const leaf = encodeLeaf({
      kind: LEAF_KIND.keyEnrolled,
      algorithm: UNSIGNED,
      receivedAtUs: this.receivedAtUs,
      keyId: reading.keyId,
      signature: new Uint8Array(0),
      message: encodeEnrolment({ authority: 'first-use', key: reading.key, devices: [reading.device] }),
    });
    const { leafIndex } = this.push(leaf, leafHash(leaf));
    this.keyDevices.push({ ...pair, publicKey: reading.key.spki, leafIndex });
  }

  private push(leaf: Uint8Array, transactionId: Hash): { leafIndex: number; leafHash: Hash } {
    const { receivedAtUs } = this;
    const { nextLeafIndex: leafIndex } = this.counter;
    const hash = leafHash(leaf);
    this.leaves.push({ leafIndex, leaf, transactionId, leafHash: hash, receivedAtUs });
    return { leafIndex, leafHash: hash };
  }
}

/** The places of those readings that are in the log already, by transaction id. */
async function findKnown(client: PoolClient, readings: readonly VerifiedReading[]): Promise<Map<string, ReceiptEntry>> {
  const rows = await findTransactions(
    client,
    readings.map((reading) => reading.transactionId),
  );
  return new Map(
    rows.map(({ transactionId, leafHash: hash, ...place }) => [
      toHex(transactionId),
      { ...place, transactionId: asHash(transactionId), leafHash: asHash(hash) },
    ]),
  );
}

/** Of the pairs that new readings speak as, those that the registry has. */
async function findPairs(
  client: PoolClient,
  of: { readings: readonly VerifiedReading[]; known: Map<string, ReceiptEntry>; registry: RegistryCache },
): Promise<Map<string, KeyDevice>> {
  const cached = new Map<string, KeyDevice>();
  const unsure = new Map<string, KeyDevice>();
  for (const { transactionId, keyId, device } of of.readings) {
    if (of.known.has(toHex(transactionId))) continue;
    const pair = { keyId, device };
    (of.registry.has(pair) ? cached : unsure).set(pairName(pair), pair);
  }
  const found = unsure.size === 0 ? [] : await findKeyDevices(client, [...unsure.values()]);
  for (const pair of found) cached.set(pairName(pair), pair);
  return cached;
}
