// The ROSTER file, which the operator gives to every receiver of a ring, the same bytes or not: its content, not its bytes, names the ring.
// {"ring": name, "nodes": [{"name", "public_key": base64 of an Ed25519 key, "address": "host:port", "weight"}]}

import { canonicalJson, sha256, toHex, utf8 } from '@telltale/ledger';
import { z } from 'zod';
import { successorListLength } from '../chord/ring-size.ts';
import type { NodeId } from '../node-id.ts';
import { formatNodeKey, type NodePublicKey, parseNodeKey } from '../transport/node-identity.ts';
import { formatAddress, parseAddress } from './address.ts';
import { MAX_NODES, type RingRoster } from './ring-roster.ts';

/** A node of the file. `weight`: its enrolled share of the votes, a whole number from 1. */
interface RosterFileNode {
  readonly id: NodeId;
  readonly name: string;
  readonly weight: number;
}

/** What the file says. */
export interface RosterFile extends RingRoster {
  readonly name: string;
  readonly nodes: readonly RosterFileNode[];
}

/** The file cannot be used. The message names every fault at once. */
class RosterFileError extends Error {
  override readonly name = 'RosterFileError';
  readonly code = 'roster-file';
}

const nodeSchema = z.strictObject({
  name: z.string().min(1).max(64),
  public_key: z.string().transform((text, context) => {
    const key = parseNodeKey(text);
    if (key) return key;
    context.addIssue('is not an Ed25519 public key in base64 (its 32 bytes, or its SubjectPublicKeyInfo)');
    return z.NEVER;
  }),
  address: z.string().transform((text, context) => {
    const address = parseAddress(text);
    if (address) return address;
    context.addIssue('is not host:port with a port from 1 to 65535');
    return z.NEVER;
  }),
  weight: z.int().min(1).max(1_000_000).default(1),
});
const fileSchema = z.strictObject({
  ring: z.string().min(1).max(64),
  nodes: z.array(nodeSchema).min(2).max(MAX_NODES),
});

/** Reads the file's text for the node `self`, which must be in it. Throws RosterFileError. */
export function parseRosterFile(text: string, self: NodePublicKey): RosterFile {
  const parsed = fileSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'the file'}: ${issue.message}`);
    throw new RosterFileError(`ROSTER is wrong. ${faults.join('; ')}`);
  }
  const { ring, nodes } = parsed.data;
  const faults = [
    ...repeated(nodes, 'public_key', (node) => node.public_key.id),
    ...repeated(nodes, 'name', (node) => node.name),
    ...repeated(nodes, 'address', (node) => formatAddress(node.address)),
  ];
  if (!nodes.some((node) => node.public_key.id === self.id)) {
    faults.push(`this receiver's own public key, ${formatNodeKey(self)}, is not among the nodes`);
  }
  if (faults.length > 0) throw new RosterFileError(`ROSTER is wrong. ${faults.join('; ')}`);
  return {
    name: ring,
    ringId: ringIdOf(parsed.data),
    r: successorListLength(nodes.length),
    contacts: nodes.map((node) => ({ id: node.public_key.id, ...node.address })),
    nodes: nodes.map((node) => ({ id: node.public_key.id, name: node.name, weight: node.weight })),
  };
}

/** SHA-256("telltale-ring-v1" || canonical JSON), nodes sorted by identifier, keys as their 32 bytes, weights as decimal texts. */
function ringIdOf(file: z.infer<typeof fileSchema>): string {
  const nodes = file.nodes
    .toSorted((a, b) => (a.public_key.id < b.public_key.id ? -1 : 1))
    .map((node) => ({
      name: node.name,
      public_key: formatNodeKey(node.public_key),
      address: formatAddress(node.address),
      weight: String(node.weight),
    }));
  return toHex(sha256(utf8(`telltale-ring-v1${canonicalJson({ ring: file.ring, nodes })}`)));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RosterFileError('ROSTER is not JSON', { cause });
  }
}

function repeated<Node>(nodes: readonly Node[], field: string, of: (node: Node) => string): string[] {
  const firstAt = new Map<string, number>();
  return nodes.flatMap((node, at) => {
    const first = firstAt.get(of(node));
    if (first !== undefined) return [`nodes.${at}.${field}: the same as in nodes.${first}`];
    firstAt.set(of(node), at);
    return [];
  });
}
