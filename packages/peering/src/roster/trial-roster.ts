// The roster of a trial ring: grows as nodes join, one version after another, each signed by the boot node. The ring is named by the boot
// node's key, so whoever knows that key can tell a true roster from any other.

import { canonicalJson, fromBase64, sha256, toBase64, toHex, utf8 } from '@telltale/ledger';
import { z } from 'zod';
import { successorListLength } from '../chord/ring-size.ts';
import { formatNodeKey, type NodeIdentity, type NodePublicKey, parseNodeKey } from '../transport/node-identity.ts';
import { type Address, formatAddress, parseAddress } from './address.ts';
import { MAX_NODES, type RingRoster } from './ring-roster.ts';

/** A node and where it listens. */
export interface TrialNode {
  readonly key: NodePublicKey;
  readonly address: Address;
}

/** One version of the roster. */
export interface TrialRoster {
  /** Grows with each change, also over a lost file: at least the milliseconds since the epoch when it was made. */
  readonly version: number;
  /** For how many receivers the ring is meant (RING_SIZE): fixes r. */
  readonly ringSize: number;
  readonly nodes: readonly TrialNode[];
}

const signedSchema = z.strictObject({
  version: z.int().min(1),
  ring_size: z.int().min(1).max(MAX_NODES),
  nodes: z.array(z.strictObject({ public_key: z.string().max(100), address: z.string().max(300) })).max(MAX_NODES),
  signature: z.string().max(100),
});

/** A roster with its signature, as files keep it and frames carry it. */
export type SignedTrialRoster = z.infer<typeof signedSchema>;

/** SHA-256("telltale-trial-ring-v1" || the boot node's 32 key bytes), in hex. */
export function trialRingId(boot: NodePublicKey): string {
  return toHex(sha256(Uint8Array.of(...utf8('telltale-trial-ring-v1'), ...boot.raw)));
}

/** Signs a version. */
export function signTrialRoster(boot: NodeIdentity, roster: TrialRoster): SignedTrialRoster {
  const nodes = roster.nodes.map((node) => ({
    public_key: formatNodeKey(node.key),
    address: formatAddress(node.address),
  }));
  const content = { version: roster.version, ring_size: roster.ringSize, nodes };
  return { ...content, signature: toBase64(boot.sign(rosterText(boot, content))) };
}

/** Reads what `signTrialRoster` made. Undefined: malformed, or not signed by this boot node. */
export function openTrialRoster(boot: NodePublicKey, json: unknown): TrialRoster | undefined {
  const parsed = signedSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const { signature, ...content } = parsed.data;
  const bytes = fromBase64(signature);
  if (!bytes || !boot.verify(rosterText(boot, content), bytes)) return undefined;
  const nodes: TrialNode[] = [];
  for (const node of content.nodes) {
    const key = parseNodeKey(node.public_key);
    const address = parseAddress(node.address);
    if (!key || !address) return undefined;
    nodes.push({ key, address });
  }
  return { version: content.version, ringSize: content.ring_size, nodes };
}

/** The roster as the ring's parts are given it. */
export function ringRosterOf(boot: NodePublicKey, roster: TrialRoster): RingRoster {
  return {
    ringId: trialRingId(boot),
    r: successorListLength(roster.ringSize),
    contacts: roster.nodes.map((node) => ({ id: node.key.id, ...node.address })),
    version: roster.version,
  };
}

function rosterText(boot: NodePublicKey, content: Omit<SignedTrialRoster, 'signature'>): Uint8Array {
  const { version, ring_size, nodes } = content;
  const json = canonicalJson({ version: String(version), ring_size: String(ring_size), nodes });
  return utf8(`telltale-roster-v1\n${trialRingId(boot)}\n${json}\n`);
}
