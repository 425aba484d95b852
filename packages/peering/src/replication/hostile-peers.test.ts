// Members that lie, forge and flood: refused, counted, harmless.

import { utf8 } from '@telltale/ledger';
import { describe, expect, it } from 'vitest';
import { idOfNode } from '../node-id.ts';
import { replicationCounts } from './replication.ts';
import { valueItem } from './stored-item.ts';
import { get, nodeAt, put } from './testing/ring-asks.ts';
import { type RingNode, SmallRing } from './testing/small-ring.ts';
import { chunkItem, textItem } from './testing/store-suite.ts';
import { testSigner } from './testing/test-keys.ts';

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

  it('cannot say that a value is superseded', () => {
    const ring = new SmallRing({ nodes: 5, seed: 34 });
    const item = textItem('value');
    const [owner] = ring.replicasOf(item.key);
    if (owner) owner.tamper = () => ({ t: 'store.refused', body: { code: 'superseded' } });
    const putter = ring.nodes.find((node) => node !== owner) ?? nodeAt(ring, 0);
    expect(put(ring, putter, item)?.outcome).toBe('failed');
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
