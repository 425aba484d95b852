// The reducer on small rings: puts and reads, repair after deaths, joins, wiped disks and partitions, leaving, and peers that lie.

import { utf8 } from '@telltale/ledger';
import { describe, expect, it } from 'vitest';
import { idOfNode } from '../node-id.ts';
import { replicationCounts, underReplicatedItems } from './replication.ts';
import { verifyStorageReceipt } from './storage-receipt.ts';
import { type StoredItem, valueItem } from './stored-item.ts';
import { type RingNode, SmallRing } from './testing/small-ring.ts';
import { chunkItem, textItem } from './testing/store-suite.ts';
import { TEST_RING_ID, testSigner } from './testing/test-keys.ts';

const K = 3;

function nodeAt(ring: SmallRing, index: number): RingNode {
  const node = ring.nodes[index];
  if (!node) throw new Error(`no node ${index}`);
  return node;
}

function put(ring: SmallRing, node: RingNode, item: StoredItem) {
  const { type, key, bytes } = item;
  return ring.ask(node, { kind: 'put', token: `put ${item.id} ${ring.nowMs}`, type, key, bytes }, 'put-ended');
}

function get(ring: SmallRing, node: RingNode, item: StoredItem) {
  const end = ring.ask(node, { kind: 'get', token: `get ${item.id} ${ring.nowMs}`, key: item.key }, 'get-ended');
  return end?.bytes ? Buffer.from(end.bytes).toString() : end?.outcome;
}

const idsOf = (nodes: readonly RingNode[]) => nodes.map(({ contact }) => contact.id).toSorted();

/** Keeps an item at a node without any message. */
function plant(node: RingNode, item: StoredItem): void {
  node.store.perform({ kind: 'write', item, by: null, limitBytes: 0, storedAtUs: 1 });
}

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
  it('brings every item back to exactly its k replicas after deaths, joins and a wiped disk', () => {
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

describe('hostile peers', () => {
  const ask = (ring: SmallRing, node: RingNode, request: { t: string; body: object | null; bytes?: Uint8Array }) =>
    ring.send(node, {
      kind: 'request',
      re: 'h',
      from: nodeAt(ring, 1).contact.id,
      request: { ...request, body: JSON.parse(JSON.stringify(request.body)) },
    });

  it('are refused and counted for wrong bytes, forged records, records of another key, and malformed messages', () => {
    const ring = new SmallRing({ nodes: 4, seed: 30 });
    const node = nodeAt(ring, 0);
    const record = chunkItem({ owner: testSigner(50), name: 'n', version: 1, value: 'v' });
    const forged = Uint8Array.from(record.bytes);
    forged[40] = (forged[40] ?? 0) ^ 1;
    const { key } = textItem('value');
    ask(ring, node, { t: 'store.replicate', body: { type: 'value', key }, bytes: utf8('other') });
    ask(ring, node, { t: 'store.put', body: { type: 'value', key }, bytes: utf8('other') });
    ask(ring, node, { t: 'store.replicate', body: { type: 'record', key: record.key }, bytes: forged });
    ask(ring, node, { t: 'store.replicate', body: { type: 'record', key }, bytes: record.bytes });
    for (const body of [null, {}, [], { type: 'value' }, { type: 'x', key }, { type: 'value', key, more: 1 }]) {
      ask(ring, node, { t: 'store.replicate', body });
    }
    ask(ring, node, { t: 'store.nothing', body: {} });
    ask(ring, node, { t: 'store.list', body: { after: key, until: key, prefix: 'Z' } });
    ring.run(1_000);
    expect(replicationCounts(node.state).refusedRequests).toBe(12);
    expect(node.store.usage()).toEqual({ values: 0, records: 0, sizeBytes: 0 });
  });

  it('cannot fill a disk beyond their share', () => {
    const ring = new SmallRing({ nodes: 4, seed: 31, settings: { peerLimitBytes: 1_000 } });
    const node = nodeAt(ring, 0);
    for (let i = 0; i < 5; i++) {
      const item = valueItem(new Uint8Array(300).fill(i));
      ask(ring, node, { t: 'store.replicate', body: { type: 'value', key: item.key }, bytes: item.bytes });
    }
    ring.run(10);
    expect(node.store.usage().sizeBytes).toBe(900);
    ring.run(100);
    expect(replicationCounts(node.state).refusedByQuota).toBeGreaterThan(0);
  });

  it('do no harm with any reply at all', () => {
    const ring = new SmallRing({ nodes: 5, seed: 32 });
    const item = textItem('value');
    put(ring, nodeAt(ring, 0), item);
    const replies = [
      { t: 'store.receipts', body: null },
      { t: 'x', body: [1] },
      { t: 'store.items', body: { items: 7 } },
    ];
    const liar = ring.replicasOf(item.key)[0] ?? nodeAt(ring, 1);
    for (const reply of replies) {
      liar.tamper = () => reply;
      const reader = ring.nodes.find((node) => !ring.replicasOf(item.key).includes(node)) ?? nodeAt(ring, 0);
      expect(get(ring, reader, item)).toBe('value');
      ring.run(10_000);
    }
    expect(ring.nodes.reduce((sum, { state }) => sum + replicationCounts(state).lies, 0)).toBeGreaterThan(2);
  });

  it('cannot pass for a replica with the receipt of another node', () => {
    const ring = new SmallRing({ nodes: 5, seed: 33 });
    const item = textItem('value');
    const [owner, second] = ring.replicasOf(item.key);
    if (!owner || !second) throw new Error('five nodes');
    expect(idOfNode(testSigner(ring.nodes.indexOf(second)).nodeKey)).toBe(second.contact.id);
    second.tamper = () => ({ t: 'store.receipts', body: { receipts: [] } });
    const putter = ring.nodes.find((node) => node !== owner && node !== second) ?? owner;
    const end = put(ring, putter, item);
    expect(end?.outcome).toBe('stored');
    expect(end?.receipts.map(({ nodeKey }) => idOfNode(nodeKey))).not.toContain(second.contact.id);
    expect(replicationCounts(owner.state).lies).toBeGreaterThan(0);
  });
});
