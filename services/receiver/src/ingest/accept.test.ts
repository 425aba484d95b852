// The accept transaction: places in the log, first uses, clocks, and two receivers on one database.

import { LEAF_KIND, parseEnrolment, toHex } from '@telltale/ledger';
import type { Pool } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startIngestParts } from '../testing/ingest-parts.ts';
import { openLedgerRows } from '../testing/ledger-rows.ts';
import { mustAccept, type TestReceipt, validateChainOf } from '../testing/post-readings.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver } from '../testing/test-receiver.ts';
import { acceptRequests } from './accept.ts';
import { ExpectedCounter } from './expected-counter.ts';
import { RegistryCache } from './registry-cache.ts';
import type { VerifiedReading } from './verified-reading.ts';

async function startParts() {
  const parts = await startIngestParts();
  onTestFinished(() => parts.stop());
  return parts;
}

/** Accepts one request in open mode, where nothing is refused. */
async function acceptOpenly(
  pool: Pool,
  of: {
    readings: readonly VerifiedReading[];
    registry: RegistryCache;
    expected?: ExpectedCounter;
    nowUs: () => number;
  },
) {
  const { readings, expected = new ExpectedCounter(), ...rest } = of;
  const group = { requests: [readings], isStrict: false, expected, ...rest };
  const { outcomes, newReadings } = await acceptRequests(pool, group);
  const [outcome] = outcomes;
  if (!outcome || 'faults' in outcome) throw new Error('refused');
  const entries = outcome.entries.map(({ transactionId, leafHash, ...place }) => ({
    ...place,
    transactionId: toHex(transactionId),
    leafHash: toHex(leafHash),
  }));
  return { entries, newReadings };
}

describe('accepting readings', () => {
  it('writes a first-use leaf just before the first reading of each key and device', async () => {
    const parts = await startParts();
    const [one, other] = [makeDevice(), makeDevice()];
    const readings = await parts.read(
      one.envelope('{"device":"a","n":1}'),
      one.envelope('{"device":"a","n":2}'),
      one.envelope('{"device":"b"}'),
      one.envelope('{"n":3}'),
      other.envelope('{"device":"a","n":1}'),
    );
    const registry = new RegistryCache();
    const first = await acceptOpenly(parts.pool, { readings, registry, nowUs: () => 1_000 });
    expect(first.entries.map((entry) => entry.leafIndex)).toEqual([1, 2, 4, 6, 8]);
    expect(first).toMatchObject({ newReadings: 5 });
    const { rows } = await parts.pool.query<{ kind: number }>(
      'SELECT get_byte(leaf, 0) AS kind FROM leaves ORDER BY leaf_index',
    );
    expect(rows.map((row) => row.kind)).toEqual([2, 1, 1, 2, 1, 2, 1, 2, 1]);
    const again = await acceptOpenly(parts.pool, { readings, registry, nowUs: () => 2_000 });
    expect(again).toEqual({ ...first, newReadings: 0 });
  });

  it('finds a device that is enrolled already without having seen it itself', async () => {
    const parts = await startParts();
    const device = makeDevice();
    const nowUs = () => 1_000;
    const readings = await parts.read(device.envelope('{"device":"a","n":1}'));
    await acceptOpenly(parts.pool, { readings, registry: new RegistryCache(), nowUs });
    const more = await parts.read(device.envelope('{"device":"a","n":2}'));
    const { entries } = await acceptOpenly(parts.pool, { readings: more, registry: new RegistryCache(), nowUs });
    expect(entries.map((entry) => entry.leafIndex)).toEqual([2]);
  });

  it('never lets received_at decrease, though the clock jumps back', async () => {
    const parts = await startParts();
    const device = makeDevice();
    const registry = new RegistryCache();
    const times: number[] = [];
    for (const [n, nowUs] of [5_000, 4_000, 4_500, 6_000].entries()) {
      const readings = await parts.read(device.envelope(`{"n":${n}}`));
      const { entries } = await acceptOpenly(parts.pool, { readings, registry, nowUs: () => nowUs });
      times.push(...entries.map((entry) => entry.receivedAtUs));
    }
    expect(times).toEqual([5_000, 5_000, 5_000, 6_000]);
  });

  it('looks again at what it knows of the registry when another receiver has moved it', async () => {
    const parts = await startParts();
    const registry = new RegistryCache();
    let clockUs = 1_000;
    const nowUs = () => clockUs++;
    const [mine, others] = [makeDevice(), makeDevice()];
    const accept = async (envelope: string, cache: RegistryCache) =>
      acceptOpenly(parts.pool, { readings: await parts.read(envelope), registry: cache, nowUs });
    await accept(mine.envelope('{"n":1}'), registry);
    await accept(others.envelope('{"n":1}'), new RegistryCache());
    // As revocation will: a pair leaves the registry, and its version moves.
    await parts.pool.query('DELETE FROM key_devices WHERE leaf_index = 0');
    await parts.pool.query('UPDATE log_counter SET registry_version = registry_version + 1');
    expect((await accept(mine.envelope('{"n":2}'), registry)).entries).toMatchObject([{ leafIndex: 5 }]);
  });
});

describe('accepting at once, for a counter that stands as this receiver left it', () => {
  /** A receiver that has accepted two readings and so expects to be alone; each call accepts one more message. */
  async function startAlone() {
    const parts = await startParts();
    const device = makeDevice();
    const registry = new RegistryCache();
    const expected = new ExpectedCounter();
    let clockUs = 1_000;
    const accept = async (...texts: string[]) => {
      const readings = await parts.read(...texts.map((text) => device.envelope(text)));
      return acceptOpenly(parts.pool, { readings, registry, expected, nowUs: () => clockUs++ });
    };
    await accept('{"n":1}');
    await accept('{"n":2}');
    expect(expected.next).toMatchObject({ nextLeafIndex: 3 });
    const leaves = async () => {
      const { rows } = await parts.pool.query<{ leaf_index: bigint; message: string | null }>(
        'SELECT leaf_index, message FROM leaves LEFT JOIN readings USING (leaf_index) ORDER BY leaf_index',
      );
      return rows.map((row) => [Number(row.leaf_index), row.message]);
    };
    return { parts, device, registry, expected, accept, leaves };
  }

  it('goes on where it left, in order, with all tables in step', async () => {
    const { parts, accept, expected, leaves } = await startAlone();
    const { entries, newReadings } = await accept('{"n":3}', '{"n":4,"unit":"°C"}', '{"n":3}');
    expect(newReadings).toBe(2);
    expect(entries.map((entry) => entry.leafIndex)).toEqual([3, 4, 3]);
    expect(expected.next).toMatchObject({ nextLeafIndex: 5 });
    expect((await leaves()).slice(1)).toEqual([
      [1, '{"n":1}'],
      [2, '{"n":2}'],
      [3, '{"n":3}'],
      [4, '{"n":4,"unit":"°C"}'],
    ]);
    const { rows } = await parts.pool.query(
      `SELECT next_leaf_index, last_received_at FROM log_counter
        WHERE (SELECT array_agg(leaf_index ORDER BY leaf_index) FROM transactions) = '{0,1,2,3,4}'`,
    );
    expect(rows).toEqual([{ next_leaf_index: 5n, last_received_at: BigInt(entries[1]?.receivedAtUs ?? 0) }]);
  });

  it('gives a message that is in the log already its old place, and the new ones beside it the next', async () => {
    const { accept } = await startAlone();
    const { entries, newReadings } = await accept('{"n":5}', '{"n":1}', '{"n":6}');
    expect(newReadings).toBe(2);
    expect(entries.map((entry) => entry.leafIndex)).toEqual([3, 1, 4]);
  });

  it('writes nothing for a counter that another receiver has moved, and finds the right place the longer way', async () => {
    const { parts, accept, expected, leaves } = await startAlone();
    const other = makeDevice();
    const readings = await parts.read(other.envelope('{"m":1}'));
    await acceptOpenly(parts.pool, { readings, registry: new RegistryCache(), nowUs: () => 5_000 });
    const { entries } = await accept('{"n":3}');
    expect(entries).toMatchObject([{ leafIndex: 5, receivedAtUs: 5_000 }]);
    expect(expected.next).toBeUndefined();
    expect(await leaves()).toHaveLength(6);
    await accept('{"n":4}');
    expect(expected.next).toMatchObject({ nextLeafIndex: 7 });
  });

  it('does not believe a pair of a registry that has moved', async () => {
    const { parts, device, registry, expected } = await startAlone();
    await parts.pool.query('UPDATE keys SET revoked_at_leaf = 2');
    await parts.pool.query('UPDATE log_counter SET registry_version = registry_version + 1');
    const readings = await parts.read(device.envelope('{"n":3}'));
    const group = { requests: [readings], registry, expected, isStrict: false, nowUs: () => 9_000 };
    const { outcomes } = await acceptRequests(parts.pool, group);
    expect(outcomes).toMatchObject([{ faults: [{ position: 0, code: 'key-revoked' }] }]);
  });
});

describe('two receivers on one database', () => {
  it('give each message one leaf and each key and device one first use, whoever is asked', async () => {
    const variables = { BLOCK_MAX_WAIT_MS: '50', TRANSACTIONS_PER_BLOCK: '20' };
    const one = await startTestReceiver({ variables });
    onTestFinished(() => one.stop());
    const two = await startTestReceiver({ variables, beside: one });
    onTestFinished(() => two.stop());
    const rows = openLedgerRows(one);
    onTestFinished(() => rows.close());

    const devices = [makeDevice('ed25519'), makeDevice('ecdsa-p256'), makeDevice('rsa-pss'), makeDevice('ed25519')];
    const messages = devices.flatMap((device, d) =>
      Array.from({ length: 30 }, (_, n) => ({ device, text: `{"device":"${d}-${n % 7}","n":${n}}` })),
    );
    // Each request overlaps with the two before and after it, and goes to both receivers, signed anew.
    const requests = messages.flatMap((_, at) => {
      const some = [0, 1, 2].flatMap((i) => messages[(at + i) % messages.length] ?? []);
      return [one, two].map((receiver) => ({ receiver, some }));
    });
    const answers = await Promise.all(
      requests.map(async ({ receiver, some }) => {
        const body = `[${some.map(({ device, text }) => device.envelope(text)).join(',')}]`;
        const receipts = await mustAccept(receiver.url, body);
        return some.map((message, i) => ({ message, receipt: receipts[i] }));
      }),
    );

    const places = new Map<unknown, TestReceipt>();
    for (const { message, receipt } of answers.flat()) {
      if (!receipt) throw new Error('a receipt is missing');
      const known = places.get(message) ?? receipt;
      places.set(message, known);
      expect(receipt).toMatchObject({
        transaction_id: known.transaction_id,
        leaf_index: known.leaf_index,
        leaf_hash: known.leaf_hash,
        received_at: known.received_at,
      });
    }

    const leaves = await rows.leaves();
    expect(leaves.map(({ leafIndex }) => leafIndex)).toEqual(leaves.map((_, i) => i));
    const times = leaves.map(({ leaf }) => leaf.receivedAtUs);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const readings = leaves.filter(({ leaf }) => leaf.kind === LEAF_KIND.reading);
    expect(readings).toHaveLength(messages.length);
    const firstUses = leaves.flatMap(({ leaf }) => {
      if (leaf.kind !== LEAF_KIND.keyEnrolled) return [];
      const enrolment = parseEnrolment(leaf.message);
      if (!enrolment.ok) throw new Error(enrolment.message);
      return enrolment.value.devices.map((device) => `${toHex(leaf.keyId)} ${device}`);
    });
    expect(firstUses).toHaveLength(devices.length * 7);
    expect(new Set(firstUses).size).toBe(firstUses.length);
    expect(await rows.counts()).toMatchObject({ nextLeafIndex: leaves.length, keys: 4, keyDevices: firstUses.length });

    const body = `[${messages.map(({ device, text }) => device.envelope(text)).join(',')}]`;
    const sealed = await mustAccept(two.url, body, '?wait=sealed');
    expect(sealed.every((receipt) => receipt.block_index !== undefined)).toBe(true);
    for (const receiver of [one, two]) {
      const verdict = await validateChainOf(receiver.url);
      expect(verdict).toMatchObject({ valid: true, leaves: leaves.length, readings: messages.length, pending: 0 });
    }
  });
});
