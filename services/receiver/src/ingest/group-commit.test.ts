// Group commit on a real pool: who shares a transaction, who fails alone, and who is told to come again.

import type { Receipt } from '@telltale/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type IngestParts, startIngestParts } from '../testing/ingest-parts.ts';
import { makeDevice } from '../testing/test-device.ts';
import { acceptRequests } from './accept.ts';
import { ExpectedCounter } from './expected-counter.ts';
import { GroupCommit } from './group-commit.ts';
import { RegistryCache } from './registry-cache.ts';
import type { VerifiedReading } from './verified-reading.ts';

const device = makeDevice();
const reading = (name: string) => device.envelope(`{"device":"d","name":"${name}"}`);
const nowUs = () => Date.now() * 1000;

let parts: IngestParts;
let accepted: number[];
beforeEach(async () => {
  parts = await startIngestParts();
  accepted = [];
});
afterEach(() => parts.stop());

function openCommits(options: { sealPromiseMs?: number } = {}): GroupCommit {
  const registry = new RegistryCache();
  const expected = new ExpectedCounter();
  return new GroupCommit({
    accept: (requests) => acceptRequests(parts.pool, { requests, registry, expected, isStrict: false, nowUs }),
    origin: parts.ledger.origin,
    sign: parts.ledger.sign,
    sealPromiseMs: options.sealPromiseMs ?? 0,
    nowUs,
    onAccepted: ({ newReadings }) => accepted.push(newReadings),
  });
}

/** Makes the database refuse, with this SQLSTATE, leaves whose message holds "poison"; with `times`, only that often. */
async function refusePoison(sqlState: string, times?: number): Promise<void> {
  await parts.pool.query(`CREATE SEQUENCE refusals`);
  const isDue = times === undefined ? 'true' : `nextval('refusals') <= ${times}`;
  await parts.pool.query(
    `CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF position('poison'::bytea IN NEW.leaf) > 0 AND ${isDue} THEN
           RAISE EXCEPTION 'poison' USING ERRCODE = '${sqlState}';
         END IF;
         RETURN NEW;
       END $$`,
  );
  await parts.pool.query(
    'CREATE TRIGGER refuse_poison BEFORE INSERT ON leaves FOR EACH ROW EXECUTE FUNCTION refuse_poison()',
  );
}

async function storedMessages(): Promise<string> {
  const { rows } = await parts.pool.query<{ message: string }>('SELECT message FROM readings ORDER BY leaf_index');
  return rows.map((row) => /"name":"([^"]*)"/.exec(row.message)?.[1]).join(' ');
}

/** The first begins a transaction; the others arrive while it runs. */
async function submitAll(commits: GroupCommit, [first = [], ...others]: readonly VerifiedReading[][]) {
  const begun = commits.submit(first);
  await Promise.resolve();
  return Promise.allSettled([begun, ...others.map((readings) => commits.submit(readings))]);
}

const groupSizes = (results: PromiseSettledResult<Receipt[]>[]) =>
  results.map((result) => (result.status === 'fulfilled' ? result.value.map((receipt) => receipt.count) : 'refused'));

describe('requests that arrive in one turn of the event loop', () => {
  it('share a transaction and its signature', async () => {
    const requests = await Promise.all(['a', 'b', 'c'].map((name) => parts.read(reading(name))));
    const commits = openCommits();
    const results = await Promise.allSettled(requests.map((readings) => commits.submit(readings)));
    expect(groupSizes(results)).toEqual([[3], [3], [3]]);
    expect(accepted).toEqual([3]);
  });
});

describe('requests that arrive while a transaction runs', () => {
  it('share the next one and its signature', async () => {
    const requests = await Promise.all([
      parts.read(reading('a')),
      parts.read(reading('b'), reading('c')),
      parts.read(reading('d')),
    ]);
    const results = await submitAll(openCommits(), requests);
    expect(groupSizes(results)).toEqual([[1], [3, 3], [3]]);
    const receipts = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    expect(receipts.map((receipt) => receipt.position)).toEqual([0, 0, 1, 2]);
    expect(new Set(receipts.map((receipt) => receipt.signature)).size).toBe(2);
    expect(accepted).toEqual([1, 3]);
    expect(await storedMessages()).toBe('a b c d');
  });

  it('fill a transaction up to 2,000 readings, and one request is never split', async () => {
    const [one] = await parts.read(reading('same'));
    if (!one) throw new Error('there is no reading');
    const requestOf = (size: number) => Array.from({ length: size }, () => one);
    const results = await submitAll(openCommits(), [1, 1500, 500, 1, 2500, 1].map(requestOf));
    const sizes = groupSizes(results).map((counts) => counts[0]);
    expect(sizes).toEqual([1, 2000, 2000, 1, 2500, 1]);
  });

  it('fill a transaction up to 4 MB of leaves, and one request is never split', async () => {
    const [one] = await parts.read(reading('x'.repeat(60_000)));
    if (!one) throw new Error('there is no reading');
    const requestOf = (size: number) => Array.from({ length: size }, () => one);
    const results = await submitAll(openCommits(), [1, 40, 40, 1, 100, 1].map(requestOf));
    const sizes = groupSizes(results).map((counts) => counts[0]);
    expect(sizes).toEqual([1, 40, 41, 41, 100, 1]);
  });

  it('are promised a time only where a block may not wait for ever', async () => {
    const [promised] = await openCommits({ sealPromiseMs: 60_000 }).submit(await parts.read(reading('a')));
    const [unpromised] = await openCommits().submit(await parts.read(reading('b')));
    expect(promised?.seal_by).toBeGreaterThan(nowUs());
    expect(unpromised?.seal_by).toBe(0);
  });
});

describe('a request that the database refuses', () => {
  it('fails alone and whole, and the others of its group are stored', async () => {
    await refusePoison('23514');
    const commits = openCommits();
    const results = await submitAll(
      commits,
      await Promise.all([
        parts.read(reading('first')),
        parts.read(reading('a')),
        parts.read(reading('with'), reading('poison')),
        parts.read(reading('b')),
      ]),
    );
    expect(groupSizes(results)).toEqual([[1], [1], 'refused', [1]]);
    expect(results[2]).toMatchObject({ reason: { code: 'not-stored' } });
    expect(await storedMessages()).toBe('first a b');
    expect(accepted).toEqual([1, 1, 1]);
    const [again] = await commits.submit(await parts.read(reading('with')));
    expect(again?.leaf_index).toBe(4);
  });

  it('is tried again when PostgreSQL says that it may succeed then', async () => {
    await refusePoison('40001', 1);
    expect(await openCommits().submit(await parts.read(reading('poison')))).toHaveLength(1);
    expect(await storedMessages()).toBe('poison');
  });

  it('takes the whole group with it when the failure is not about its values', async () => {
    // 53100: the disk is full.
    await refusePoison('53100', 1);
    const commits = openCommits();
    const requests = await Promise.all(['first', 'a', 'poison'].map((name) => parts.read(reading(name))));
    const results = await submitAll(commits, requests);
    expect(results).toMatchObject([
      { status: 'fulfilled' },
      { reason: { code: 'not-stored' } },
      { reason: { code: 'not-stored' } },
    ]);
    expect(await storedMessages()).toBe('first');
    expect(groupSizes(await submitAll(commits, requests))).toEqual([[1], [2], [2]]);
    expect(await storedMessages()).toBe('first a poison');
  });
});

describe('when too much waits', () => {
  it('a request is told to come again, and taken once there is room', async () => {
    const commits = openCommits();
    const [one] = await parts.read(reading('one'));
    if (!one) throw new Error('there is no reading');
    const holder = await parts.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT 1 FROM log_counter FOR UPDATE');
    const waiting = commits.submit(Array.from({ length: 20_000 }, () => one));
    await expect(commits.submit([one])).rejects.toMatchObject({ code: 'overloaded' });
    await holder.query('ROLLBACK');
    holder.release();
    expect(await waiting).toHaveLength(20_000);
    await expect.poll(() => commits.submit([one]).catch(String)).toMatchObject([{ leaf_index: 1 }]);
    expect(await storedMessages()).toBe('one');
  });
});

describe('stop', () => {
  it('answers everybody who waits and takes nobody else', async () => {
    const commits = openCommits();
    const requests = await Promise.all(['a', 'b', 'c'].map((name) => parts.read(reading(name))));
    const results = submitAll(commits, requests);
    await Promise.resolve();
    const stopped = commits.stop();
    await expect(commits.submit(requests[0] ?? [])).rejects.toMatchObject({ code: 'stopping' });
    await stopped;
    expect(await storedMessages()).toBe('a b c');
    expect(groupSizes(await results)).toEqual([[1], [2], [2]]);
  });
});
