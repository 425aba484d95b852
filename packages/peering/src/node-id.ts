// The identifiers of the ring: 256 bits, written as 64 lowercase hex digits, so that comparing the texts compares the numbers.
// between() and owns() are the only places where the circle closes (peering.md section 2.4).

import { sha256, toHex, utf8 } from '@telltale/ledger';

/** A point of the ring as 64 lowercase hex digits: a node's identifier or a key. */
export type NodeId = string & { readonly brand: 'NodeId' };

const BITS = 256n;
const HEX_DIGITS = 64;
const PATTERN = /^[0-9a-f]{64}$/;

/** Reads an identifier. Undefined: not 64 lowercase hex digits. */
export function parseNodeId(text: string): NodeId | undefined {
  return PATTERN.test(text) ? (text as NodeId) : undefined;
}

/** The identifier of 32 bytes. Throws RangeError for another length. */
export function nodeIdOf(bytes: Uint8Array): NodeId {
  const id = parseNodeId(toHex(bytes));
  if (!id) throw new RangeError('an identifier has 32 bytes');
  return id;
}

/** A node's own identifier, SHA-256("telltale-node-v1" || the 32 bytes of its Ed25519 key): nobody chooses where in the ring a key stands. */
export function idOfNode(ed25519Key: Uint8Array): NodeId {
  return nodeIdOf(sha256(Uint8Array.of(...utf8('telltale-node-v1'), ...ed25519Key)));
}

/** Whether x is met strictly after a and strictly before b, going clockwise. With a = b the whole circle but a lies between. */
export function between(a: NodeId, x: NodeId, b: NodeId): boolean {
  if (a < b) return a < x && x < b;
  return x > a || x < b;
}

/** Whether a node with this predecessor is responsible for the key: key in (predecessor, self]. */
export function owns(node: { predecessor: NodeId; self: NodeId }, key: NodeId): boolean {
  return key === node.self || between(node.predecessor, key, node.self);
}

/** The point 2^exponent after `id`, where a finger begins. */
export function pointAfter(id: NodeId, exponent: number): NodeId {
  const point = (BigInt(`0x${id}`) + (1n << BigInt(exponent))) % (1n << BITS);
  return point.toString(16).padStart(HEX_DIGITS, '0') as NodeId;
}
