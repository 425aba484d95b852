// The accept transaction: gives verified readings their place in the log. Together with registry/append-registry.ts the only code that
// writes leaves. Source: architecture.md "The way of a reading", step 2.

import { inTransaction } from '@telltale/database';
import { encodeEnrolment, LEAF_KIND, type ReceiptEntry, toHex, UNSIGNED } from '@telltale/ledger';
import pg, { type Pool, type PoolClient } from 'pg';
import type { ItemFault } from '../errors.ts';
import type { HashedLeaf } from '../seal/hashed-leaf.ts';
import { lockCounter } from '../store/identity-store.ts';
import { appendReadingsAt, findTransactions, type NewLeaf } from '../store/leaf-store.ts';
import { findStandings } from '../store/registry-store.ts';
import type { ExpectedCounter } from './expected-counter.ts';
import { LogAppend } from './log-append.ts';
import type { RegistryCache } from './registry-cache.ts';
import { judge, type Verdict } from './standing-rule.ts';
import type { VerifiedReading } from './verified-reading.ts';

/** What became of one request: a place for each of its readings, in order, or nothing of it. */
type Outcome = { readonly entries: readonly ReceiptEntry[] } | { readonly faults: readonly ItemFault[] };

/** What a group commit did. */
export interface Accepted {
  /** One for each request, in order. */
  readonly outcomes: readonly Outcome[];
  readonly newReadings: number;
  /** What the log got, in order. */
  readonly leaves: readonly HashedLeaf[];
  /** The same leaves as they are stored. */
  readonly stored: readonly NewLeaf[];
}

export interface AcceptGroup {
  readonly requests: readonly (readonly VerifiedReading[])[];
  readonly registry: RegistryCache;
  readonly expected: ExpectedCounter;
  readonly isStrict: boolean;
  readonly nowUs: () => number;
}

/** SQLSTATE unique_violation. */
const UNIQUE_VIOLATION = '23505';

/**
 * Accepts requests in one transaction (READ COMMITTED) and returns once they are durable: at once where that is possible, and otherwise
 * under the counter's lock. Throws what PostgreSQL throws, and CommitOutcomeUnknownError.
 */
export async function acceptRequests(pool: Pool, group: AcceptGroup): Promise<Accepted> {
  return (await acceptAtOnce(pool, group)) ?? (await acceptUnderLock(pool, group));
}

/**
 * One statement, written for the counter as this receiver left it: it holds only if nobody accepted, enrolled or revoked anything since,
 * so every pair that the cache knows still stands. Ids are not looked up; their table admits none twice. Undefined: the counter moved, a
 * pair is not known or an id is in the log already; then nothing was written, and the longer way finds out what is so.
 */
async function acceptAtOnce(pool: Pool, group: AcceptGroup): Promise<Accepted | undefined> {
  const { requests, registry, expected } = group;
  const found = expected.next;
  if (!found) return undefined;
  registry.setVersion(found.registryVersion);
  if (!requests.every((request) => request.every(({ pair }) => registry.has(pair)))) return undefined;
  const append = new LogAppend({ counter: found, nowUs: group.nowUs() });
  const at = { known: new Map<string, ReceiptEntry>(), verdicts: new Map<string, Judged>(), append };
  const outcomes = requests.map((request) => settle(request, at));
  const { leaves, counter } = append;
  try {
    if (await appendReadingsAt(pool, { leaves, expected: found, receivedAtUs: counter.lastReceivedAtUs })) {
      expected.learn({ found, left: counter });
      return { outcomes, newReadings: leaves.length, leaves: append.hashed, stored: leaves };
    }
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== UNIQUE_VIOLATION) throw error;
    return undefined;
  }
  expected.forget();
  return undefined;
}

/**
 * The order of its steps is what makes it right:
 * 1. Lock the counter row: one receiver at a time, from here to the commit. Enrolment and revocation take the same lock.
 * 2. In new statements, so with snapshots taken after the lock, look the transaction ids up, and how the keys stand: whatever another
 *    receiver accepted or revoked is seen. What the cache knows is believed only while the registry's version stands.
 * 3. Refuse the requests that hold a reading whose key may not speak for its device, unless that reading is in the log already.
 * 4. Give the next leaf indexes to new readings only, each new (key, device) pair's first-use leaf just before its reading.
 * 5. Insert, advance the counter, commit. Commits follow the order of the lock, so readers never see a leaf without those before it.
 * A crash before the commit leaves nothing; after it, everything, and a sender that heard no answer gets the same receipts by sending again.
 */
async function acceptUnderLock(pool: Pool, group: AcceptGroup): Promise<Accepted> {
  const { requests, registry, isStrict } = group;
  const done = await inTransaction(pool, { isolation: 'read committed' }, async (client) => {
    const readings = requests.flat();
    // Sent together, run one after the other: the second is a statement of its own, with a snapshot taken once the first has the lock.
    const [counter, known] = await Promise.all([lockCounter(client), findKnown(client, readings)]);
    registry.setVersion(counter.registryVersion);
    const verdicts = await judgePairs(client, { readings, known, registry, isStrict });
    const append = new LogAppend({ counter, nowUs: group.nowUs() });
    const outcomes = requests.map((request) => settle(request, { known, verdicts, append }));
    await append.write(client);
    return { outcomes, append, counter, verdicts };
  });
  const { append, counter: found } = done;
  const left = append.counter;
  registry.learn(acceptedPairs(done.verdicts), { found: found.registryVersion, left: left.registryVersion });
  group.expected.learn({ found, left });
  const newReadings = append.leaves.length - append.enrolments.length;
  return { outcomes: done.outcomes, newReadings, leaves: append.hashed, stored: append.leaves };
}

/** How a pair was judged. A pair of first use that a reading of this group has used is accepted from then on. */
interface Judged {
  verdict: Verdict;
}

function settle(
  request: readonly VerifiedReading[],
  at: { known: Map<string, ReceiptEntry>; verdicts: Map<string, Judged>; append: LogAppend },
): Outcome {
  const faults = request.flatMap((reading) => {
    const verdict = at.known.has(reading.transactionIdHex) ? 'accepted' : at.verdicts.get(reading.pair)?.verdict;
    return typeof verdict === 'object' ? [{ position: reading.position, ...verdict }] : [];
  });
  return faults.length > 0 ? { faults } : { entries: request.map((reading) => entryOf(reading, at)) };
}

/** The place of a reading: the one that it has, also from earlier in this group, or the next. */
function entryOf(
  reading: VerifiedReading,
  at: { known: Map<string, ReceiptEntry>; verdicts: Map<string, Judged>; append: LogAppend },
): ReceiptEntry {
  const old = at.known.get(reading.transactionIdHex);
  if (old) return old;
  const judged = at.verdicts.get(reading.pair);
  if (judged?.verdict === 'first-use') {
    enrolAtFirstUse(reading, at.append);
    judged.verdict = 'accepted';
  }
  const entry = at.append.pushReading(reading);
  at.known.set(reading.transactionIdHex, entry);
  return entry;
}

function enrolAtFirstUse({ key, device }: VerifiedReading, append: LogAppend): void {
  const { keyId } = key;
  const message = encodeEnrolment({ authority: 'first-use', key, devices: [device] });
  const signature = new Uint8Array(0);
  const { leafIndex } = append.push({ kind: LEAF_KIND.keyEnrolled, algorithm: UNSIGNED, keyId, signature, message });
  append.enrolments.push({ keyId, publicKey: key.spki, devices: [device], leafIndex });
}

function acceptedPairs(verdicts: Map<string, Judged>): string[] {
  return [...verdicts].filter(([, { verdict }]) => verdict === 'accepted').map(([pair]) => pair);
}

/** The places of those readings that are in the log already, by transaction id. */
async function findKnown(client: PoolClient, readings: readonly VerifiedReading[]): Promise<Map<string, ReceiptEntry>> {
  const found = await findTransactions(
    client,
    readings.map((reading) => reading.transactionId),
  );
  return new Map(found.map((entry) => [toHex(entry.transactionId), entry]));
}

/** Judges the pairs that new readings speak as: from the cache, and the rest from the tables. */
async function judgePairs(
  client: PoolClient,
  of: {
    readings: readonly VerifiedReading[];
    known: Map<string, ReceiptEntry>;
    registry: RegistryCache;
    isStrict: boolean;
  },
): Promise<Map<string, Judged>> {
  const verdicts = new Map<string, Judged>();
  const unsure: VerifiedReading[] = [];
  for (const reading of of.readings) {
    const { pair } = reading;
    if (verdicts.has(pair) || of.known.has(reading.transactionIdHex)) continue;
    verdicts.set(pair, { verdict: 'accepted' });
    if (!of.registry.has(pair)) unsure.push(reading);
  }
  if (unsure.length === 0) return verdicts;
  const standings = await findStandings(
    client,
    unsure.map(({ key, device }) => ({ keyId: key.keyId, device })),
  );
  for (const [i, reading] of unsure.entries()) {
    const { hasDevice } = reading;
    const judged = verdicts.get(reading.pair);
    if (judged) judged.verdict = judge({ standing: standings[i] ?? 'unknown', hasDevice, isStrict: of.isStrict });
  }
  return verdicts;
}
