// What tests ask of a small ring.

import type { NodeId } from '../../node-id.ts';
import type { StoredItem } from '../stored-item.ts';
import type { RingNode, SmallRing } from './small-ring.ts';

/** The node that joined as number `index`. */
export function nodeAt(ring: SmallRing, index: number): RingNode {
  const node = ring.nodes[index];
  if (!node) throw new Error(`no node ${index}`);
  return node;
}

/** Puts an item through a node and runs until that has ended. */
export function put(ring: SmallRing, node: RingNode, item: StoredItem) {
  const { type, key, bytes } = item;
  return ring.ask(node, { kind: 'put', token: `put ${item.id} ${ring.nowMs}`, type, key, bytes }, 'put-ended');
}

/** Reads a value through a node: its text, or why there is none. */
export function get(ring: SmallRing, node: RingNode, item: StoredItem) {
  const end = ring.ask(node, { kind: 'get', token: `get ${item.id} ${ring.nowMs}`, key: item.key }, 'get-ended');
  return end?.bytes ? Buffer.from(end.bytes).toString() : end?.outcome;
}

/** Their identifiers, in order. */
export function idsOf(nodes: readonly RingNode[]): NodeId[] {
  return nodes.map(({ contact }) => contact.id).toSorted();
}

/** Keeps an item at a node without any message. */
export function plant(node: RingNode, item: StoredItem): void {
  node.store.perform({ kind: 'write', item, by: null, limitBytes: 0, storedAtUs: 1 });
}
