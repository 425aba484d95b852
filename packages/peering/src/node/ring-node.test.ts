// Four live nodes on real sockets: what the rest of the plugin may rely on, also while nodes end, leave and come back.

import { fromUtf8, sha256, utf8 } from '@telltale/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeIdOf } from '../node-id.ts';
import { readRecord, recordKeys, signRecord } from '../replication/signed-record.ts';
import { laneKey } from '../replication/testing/test-keys.ts';
import { type LiveRing, startLiveRing } from '../testing/live-ring.ts';
import { until } from '../testing/until.ts';

let ring: LiveRing;
const lines: { message: string; fields: Readonly<Record<string, unknown>> }[] = [];
const log = (fields: Readonly<Record<string, unknown>>, message: string): void => {
  lines.push({ message, fields });
};

beforeEach(async () => {
  lines.length = 0;
  ring = await startLiveRing(4, {
    log: { info: log, warn: log, error: log },
    prepare: (node, index) => {
      node.serve('test.', (from, message) => Promise.resolve({ t: 'test.echo', body: [index, from, message.body] }));
    },
  });
  await ring.untilIdeal();
});

afterEach(async () => {
  const faults = ring.nodes.map((node) => node.counts().faults);
  await ring.stop();
  expect(faults.filter((count) => count > 0)).toEqual([]);
});

/** Puts a value from each node; gives the keys. */
async function putFromEach() {
  const puts = await Promise.all(ring.nodes.map((node, index) => node.putValue(utf8(`value ${index}`))));
  for (const { outcome, receipts } of puts) {
    expect(outcome).toBe('stored');
    expect(receipts.length).toBeGreaterThanOrEqual(2);
  }
  return puts.map(({ key }) => key);
}

async function expectReadable(keys: Awaited<ReturnType<typeof putFromEach>>): Promise<void> {
  for (const node of ring.nodes) {
    for (const [index, key] of keys.entries()) {
      const found = await node.getValue(key);
      expect(typeof found === 'string' ? found : fromUtf8(found)).toBe(`value ${index}`);
    }
  }
}

const hasCopies = async (keys: Awaited<ReturnType<typeof putFromEach>>, of: readonly number[]): Promise<boolean> => {
  const holders = await Promise.all(keys.map((key) => ring.holders(key)));
  return holders.every((all) => all.filter((index) => of.includes(index)).length === 3);
};

describe('a live ring of four nodes', () => {
  it('keeps three copies of what any node puts, and every node reads it', async () => {
    const keys = await putFromEach();
    await expectReadable(keys);
    await until(() => hasCopies(keys, [0, 1, 2, 3]), 'three copies of each value');
    const absent = nodeIdOf(sha256(utf8('never put')));
    expect(await ring.node(0).getValue(absent)).toBe('missing');
  });

  it('keeps a record under every key of it, and reads it with a majority', async () => {
    const { rawKey, sign } = laneKey(1);
    const statement = { kind: 'chunk' as const, owner: rawKey, name: utf8('a chunk'), version: 1, value: utf8('here') };
    const bytes = signRecord(statement, sign);
    expect((await ring.node(0).putRecord(bytes)).outcome).toBe('stored');
    const record = readRecord(bytes);
    if (!record.ok) throw new Error(record.message);
    for (const node of ring.nodes) {
      for (const key of recordKeys(record.value)) {
        const found = await node.getRecords(key);
        expect(found.isMajority).toBe(true);
        expect(found.records.map(({ value }) => Buffer.from(value).toString())).toEqual(['here']);
      }
    }
    expect((await ring.node(0).putRecord(utf8('no record'))).outcome).toBe('failed');
  });

  it('carries questions of other parts to those who serve them, and refuses others', async () => {
    const [asker, asked] = [ring.node(0), ring.node(1)];
    expect(asker.peers()).toHaveLength(3);
    const reply = await asker.ask(asked.self, { t: 'test.question', body: 7 });
    expect(reply).toEqual({ t: 'test.echo', body: [1, asker.self, 7] });
    await expect(asker.ask(asked.self, { t: 'nobody.question', body: 7 })).rejects.toMatchObject({ why: 'refused' });
    await expect(asker.ask(nodeIdOf(new Uint8Array(32)), { t: 'test.question', body: 7 })).rejects.toMatchObject({
      why: 'unreachable',
    });
    expect(() => asker.serve('store.', () => Promise.reject(new Error('never')))).toThrow(RangeError);
  });

  it('still gives everything when a node has been killed, and makes the third copies again', async () => {
    const keys = await putFromEach();
    // Places on the ring come from fresh keys: some node may keep no copy at all, and then nothing of it is to be made again.
    const [killed = 0] = (await Promise.all(keys.map((key) => ring.holders(key)))).flat();
    const others = [0, 1, 2, 3].filter((index) => index !== killed);
    await ring.kill(killed);
    await expectReadable(keys);
    await ring.untilIdeal();
    await until(() => hasCopies(keys, others), 'three copies on the three that are left');
    await until(() => ring.nodes.every((node) => node.counts().underReplicated === 0), 'nobody lacks copies');
    expect(ring.nodes.reduce((sum, node) => sum + (node.counts().replication?.repairBytes ?? 0), 0)).toBeGreaterThan(0);
    expect(lines.filter(({ message }) => message === 'ring node down').length).toBeGreaterThan(0);
    await ring.restart(killed);
    await ring.untilIdeal();
    await expectReadable(keys);
    await until(() => hasCopies(keys, [0, 1, 2, 3]), 'the fourth copies are gone again');
  });

  it('loses no copy when a node leaves', async () => {
    const keys = await putFromEach();
    const left = await ring.node(2).leave(30_000);
    expect(left).toMatchObject({ isComplete: true, isRingTooSmall: false });
    expect(await hasCopies(keys, [0, 1, 3])).toBe(true);
    await ring.kill(2);
    await ring.untilIdeal();
    await expectReadable(keys);
  });

  it('says what changed in lines of the log, and counts', async () => {
    const changed = lines.filter(({ message }) => message === 'ring changed');
    expect(changed.at(-1)?.fields).toMatchObject({
      mode: 'member',
      successors: [expect.any(String), expect.any(String)],
    });
    const counts = ring.node(0).counts();
    expect(counts).toMatchObject({ mode: 'member', membersSeen: 4, faults: 0 });
    expect(counts.chord?.ringChanges).toBeGreaterThan(0);
    expect(counts.transport.peers.length).toBeGreaterThan(0);
  });

  it('fails what waits when it stops', async () => {
    const node = ring.node(3);
    const puts = Array.from({ length: 20 }, (_, index) => node.putValue(utf8(`late ${index}`)));
    const reads = Array.from({ length: 20 }, (_, index) => node.getValue(nodeIdOf(sha256(utf8(`none ${index}`)))));
    await ring.kill(3);
    expect((await Promise.all(puts)).map(({ outcome }) => outcome)).toContain('failed');
    expect(await Promise.all(reads)).toContain('unavailable');
    expect((await node.putValue(utf8('after'))).outcome).toBe('failed');
  });
});
