// The reducer on small rings: puts and reads, repair after deaths, joins, wiped disks and partitions and leaving. Peers that lie: hostile-peers.test.ts.

import { utf8 } from '@telltale/ledger';
import { describe, expect, it } from 'vitest';
import { replicationCounts, underReplicatedItems } from './replication.ts';
import { verifyStorageReceipt } from './storage-receipt.ts';
import { valueItem } from './stored-item.ts';
import { get, idsOf, nodeAt, plant, put } from './testing/ring-asks.ts';
import { SmallRing } from './testing/small-ring.ts';
import { blockItem, chunkItem, textItem } from './testing/store-suite.ts';
import { TEST_RING_ID, testSigner } from './testing/test-keys.ts';

const K = 3;

describe('a put', () => {
  it('is kept by the owner and its next two successors, who sign receipts', () => {
    const ring = new SmallRing({ nodes: 6, seed: 1 });
    for (let i = 0; i < 12; i++) {
      const item = textItem(`value ${i}`);
      const end = put(ring, nodeAt(ring, i % 6), item);
      expect(end?.outcome).toBe('stored');
      const signers = (end?.receipts ?? []).map((receipt) => verifyStorageReceipt(TEST_RING_ID, receipt));
      expect(signers.toSorted()).toEqual(idsOf(ring.replicasOf(item.key)));
      expect(idsOf(ring.holdersOf(item))).toEqual(idsOf(ring.replicasOf(item.key)));
    }
  });

  it('succeeds with two receipts while one replica is dead but not yet known to be', () => {
    const ring = new SmallRing({ nodes: 6, seed: 2 });
    const item = textItem('value');
    const [owner, second, third] = ring.replicasOf(item.key);
    const other = ring.nodes.find((node) => ![owner, second, third].includes(node));
    if (!third || !other) throw new Error('six nodes');
    third.isUp = false;
    const end = put(ring, other, item);
    expect(end).toMatchObject({ outcome: 'stored', receipts: [expect.anything(), expect.anything()] });
  });

  it('succeeds with a majority when all replicas take longer than the owner would wait for a third receipt', () => {
    const ring = new SmallRing({ nodes: 6, seed: 2, settings: { forwardMs: 1 } });
    const end = put(ring, nodeAt(ring, 0), textItem('value'));
    expect(end).toMatchObject({ outcome: 'stored', receipts: [expect.anything(), expect.anything()] });
  });

  it('fails when fewer than two nodes can keep it, and when the bytes are not those of the key', () => {
    const ring = new SmallRing({ nodes: 1, seed: 3 });
    expect(put(ring, nodeAt(ring, 0), textItem('alone'))?.outcome).toBe('failed');
    const forged = { ...textItem('a'), key: textItem('b').key };
    expect(put(ring, nodeAt(ring, 0), forged)?.outcome).toBe('failed');
  });

  it('counts no receipt of a node outside the roster', () => {
    const ring = new SmallRing({ nodes: 4, seed: 4 });
    const putter = nodeAt(ring, 0);
    ring.send(putter, { kind: 'roster', members: new Set([putter.contact.id]) });
    expect(put(ring, putter, textItem('value'))?.outcome).toBe('failed');
    expect(replicationCounts(putter.state).lies).toBeGreaterThan(0);
  });
});

describe('a read', () => {
  it('gives a value from every node, also when the owner has died', () => {
    const ring = new SmallRing({ nodes: 6, seed: 5 });
    const item = textItem('value');
    put(ring, nodeAt(ring, 0), item);
    for (const node of ring.nodes) expect(get(ring, node, item)).toBe('value');
    const [owner] = ring.replicasOf(item.key);
    if (owner) owner.isUp = false;
    for (const node of ring.live()) expect(get(ring, node, item)).toBe('value');
  });

  it('says missing when every replica says so, and unavailable when one cannot', () => {
    const ring = new SmallRing({ nodes: 5, seed: 6 });
    const item = textItem('never put');
    expect(get(ring, nodeAt(ring, 0), item)).toBe('missing');
    for (const node of ring.nodes) node.tamper = () => ({ t: 'store.refused', body: { code: 'unavailable' } });
    expect(get(ring, nodeAt(ring, 0), item)).toBe('unavailable');
  });

  it('refuses wrong bytes, counts them, and asks the next replica', () => {
    const ring = new SmallRing({ nodes: 6, seed: 7 });
    const item = textItem('value');
    put(ring, nodeAt(ring, 0), item);
    const [owner] = ring.replicasOf(item.key);
    const reader = ring.nodes.find((node) => !ring.replicasOf(item.key).includes(node));
    if (!owner || !reader) throw new Error('six nodes');
    owner.tamper = (answer) => (answer.t === 'store.item' ? { ...answer, bytes: utf8('valuf') } : answer);
    expect(get(ring, reader, item)).toBe('value');
    expect(replicationCounts(reader.state).lies).toBe(1);
  });

  it('of records gives the newest that a majority took, although one replica has an older one', () => {
    const ring = new SmallRing({ nodes: 6, seed: 8 });
    const chunk = (version: number) => chunkItem({ owner: testSigner(50), name: 'n', version, value: `v${version}` });
    put(ring, nodeAt(ring, 0), chunk(1));
    const stale = ring.replicasOf(chunk(1).key)[2];
    if (stale) stale.isUp = false;
    expect(put(ring, nodeAt(ring, 0), chunk(2))?.outcome).toBe('stored');
    if (stale) stale.isUp = true;
    for (const node of ring.nodes) {
      const event = { kind: 'get-records' as const, token: `r ${node.contact.port}`, key: chunk(1).key };
      const end = ring.ask(node, event, 'records-ended');
      expect(end).toMatchObject({ isMajority: true, records: [{ version: 2 }] });
    }
    expect(put(ring, nodeAt(ring, 1), chunk(1))?.outcome).toBe('superseded');
  });
});

describe('repair', () => {
  it('brings every item back to exactly its k replicas after deaths, joins and a wiped disk, and then moves nothing more', () => {
    const ring = new SmallRing({ nodes: 7, seed: 10 });
    const items = Array.from({ length: 60 }, (_, i) => textItem(`value ${i}`));
    for (const [i, item] of items.entries()) expect(put(ring, nodeAt(ring, i % 7), item)?.outcome).toBe('stored');
    const expectPlaced = () => {
      ring.run(60_000);
      for (const item of items) expect(idsOf(ring.holdersOf(item))).toEqual(idsOf(ring.replicasOf(item.key)));
      for (const node of ring.live()) expect(underReplicatedItems(node.state)).toBe(0);
    };
    ring.kill(nodeAt(ring, 2));
    expectPlaced();
    ring.join();
    expectPlaced();
    ring.revive(nodeAt(ring, 2));
    expectPlaced();
    ring.kill(nodeAt(ring, 4));
    nodeAt(ring, 4).store.wipe();
    ring.revive(nodeAt(ring, 4));
    expectPlaced();
    const movedBytes = () => ring.nodes.map(({ state }) => replicationCounts(state).repairBytes);
    const before = movedBytes();
    ring.run(60_000);
    expect(movedBytes()).toEqual(before);
  });

  it('joins what both sides of a partition took', () => {
    const ring = new SmallRing({ nodes: 7, seed: 11 });
    ring.partition((index) => index >= 4);
    const items = Array.from({ length: 40 }, (_, i) => textItem(`value ${i}`));
    for (const [i, item] of items.entries()) expect(put(ring, nodeAt(ring, i % 7), item)?.outcome).toBe('stored');
    ring.partition(() => false);
    ring.run(60_000);
    for (const item of items) expect(idsOf(ring.holdersOf(item))).toEqual(idsOf(ring.replicasOf(item.key)));
  });

  it('sends bytes that grow with the differences and the logarithm of the items, not with the items', () => {
    const bytesFor = (count: number, differences: number) => {
      const ring = new SmallRing({ nodes: 2, seed: 12, settings: { replicas: 2 } });
      const items = Array.from({ length: count }, (_, i) => textItem(`value ${i}`));
      for (const [i, item] of items.entries()) {
        plant(nodeAt(ring, 0), item);
        if (i >= differences) plant(nodeAt(ring, 1), item);
      }
      ring.run(30_000);
      expect(nodeAt(ring, 1).store.usage().values).toBe(count);
      const spent = ['store.compare', 'store.differing', 'store.list', 'store.items'].map(
        (t) => ring.traffic.get(t) ?? 0,
      );
      return spent.reduce((sum, bytes) => sum + bytes, 0);
    };
    const same = bytesFor(2_000, 0);
    const few = bytesFor(300, 4) - bytesFor(300, 0);
    const many = bytesFor(4_800, 4) - same;
    // Sixteen times the items: one more level, so at most some more nodes for each difference.
    expect(many).toBeLessThan(few + 4 * 5_000);
    expect(same).toBe(bytesFor(300, 0));
    expect(bytesFor(2_000, 8) - same).toBeLessThan(8 * 12_000);
  });

  it('stops a round at its bytes and goes on later', () => {
    const ring = new SmallRing({ nodes: 2, seed: 13, settings: { replicas: 2, roundBytes: 2_500, continueMs: 1_000 } });
    for (let i = 0; i < 20; i++) plant(nodeAt(ring, 0), valueItem(new Uint8Array(1_000).fill(i)));
    ring.run(1_000);
    const first = nodeAt(ring, 1).store.usage().values;
    expect(first).toBeLessThan(8);
    ring.run(60_000);
    expect(nodeAt(ring, 1).store.usage().values).toBe(20);
  });
});

describe('leaving', () => {
  it('is ready once k others keep every item, and deletes nothing', () => {
    const ring = new SmallRing({ nodes: 6, seed: 20 });
    const items = Array.from({ length: 80 }, (_, i) => textItem(`value ${i}`));
    for (const [i, item] of items.entries()) put(ring, nodeAt(ring, i % 6), item);
    const leaver = nodeAt(ring, 3);
    const kept = items.filter((item) => ring.holdersOf(item).includes(leaver));
    expect(ring.ask(leaver, { kind: 'leave' }, 'ready-to-leave')).toMatchObject({
      handedOver: kept.length,
      isAlone: false,
    });
    for (const item of kept) {
      const others = ring.holdersOf(item).filter((node) => node !== leaver);
      expect(others.length).toBeGreaterThanOrEqual(K);
    }
    expect(leaver.store.usage().values).toBe(kept.length);
  });

  it('waits for a target that is away', () => {
    const ring = new SmallRing({ nodes: 4, seed: 21 });
    put(ring, nodeAt(ring, 0), textItem('value'));
    const leaver = ring.holdersOf(textItem('value'))[0] ?? nodeAt(ring, 0);
    const away = ring.nodes.find((node) => node !== leaver) ?? nodeAt(ring, 1);
    away.isUp = false;
    ring.send(leaver, { kind: 'leave' });
    away.side = 9;
    away.isUp = true;
    ring.run(5_000);
    away.side = 0;
    ring.run(10_000);
    expect(ring.ended.some(({ kind }) => kind === 'ready-to-leave')).toBe(true);
  });
});

describe('what a node keeps for others', () => {
  it('is deleted where it does not belong only when every one of its k replicas has taken it', () => {
    const ring = new SmallRing({ nodes: 6, seed: 23 });
    const item = textItem('value');
    const [, second] = ring.replicasOf(item.key);
    const stray = ring.nodes.find((node) => !ring.replicasOf(item.key).includes(node));
    if (!second || !stray) throw new Error('six nodes');
    plant(stray, item);
    second.tamper = () => ({ t: 'store.refused', body: { code: 'quota' } });
    ring.run(60_000);
    expect(ring.holdersOf(item)).toContain(stray);
    second.tamper = undefined;
    ring.run(60_000);
    expect(idsOf(ring.holdersOf(item))).toEqual(idsOf(ring.replicasOf(item.key)));
    expect(replicationCounts(stray.state).deletedItems).toBe(1);
  });

  it('shows both statements of a lane that says two things about one height, and they are counted', () => {
    const ring = new SmallRing({ nodes: 4, seed: 24 });
    const statements = ['a', 'b'].map(blockItem);
    for (const item of statements) expect(put(ring, nodeAt(ring, 0), item)?.outcome).toBe('stored');
    const key = statements[0]?.key ?? textItem('').key;
    const end = ring.ask(nodeAt(ring, 1), { kind: 'get-records', token: 'r', key }, 'records-ended');
    expect(end?.records.map(({ id }) => id).toSorted()).toEqual(statements.map(({ id }) => id).toSorted());
    for (const replica of ring.replicasOf(key)) expect(replicationCounts(replica.state).equivocations).toBe(1);
  });
});

describe('a node that holds what it confirmed', () => {
  it('does not delete it for a while, although it is no replica', () => {
    const ring = new SmallRing({ nodes: 6, seed: 22, settings: { holdMs: 20_000 } });
    const item = textItem('value');
    put(ring, nodeAt(ring, 0), item);
    const stray = ring.nodes.find((node) => !ring.replicasOf(item.key).includes(node)) ?? nodeAt(ring, 0);
    plant(stray, item);
    const { type, key, id, sizeBytes } = item;
    const body = { items: [{ type, key, id, sizeBytes }] };
    ring.send(stray, {
      kind: 'request',
      re: 'x',
      from: nodeAt(ring, 1).contact.id,
      request: { t: 'store.have', body },
    });
    ring.run(15_000);
    expect(ring.holdersOf(item)).toContain(stray);
    ring.run(20_000);
    expect(ring.holdersOf(item)).not.toContain(stray);
  });
});
