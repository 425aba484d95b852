// Who is in the ring, whichever way it became known: what Chord, replication and the transport's admission are given.

import type { Contact } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import type { Admission } from '../transport/admission.ts';

/** The nodes of one ring. */
export interface RingRoster {
  /** 64 hex digits. Nodes that disagree about it do not speak with each other. */
  readonly ringId: string;
  /** Length of the successor lists (peering.md section 2.4). */
  readonly r: number;
  /** Every node, this one too. */
  readonly contacts: readonly Contact[];
  /** Of a trial ring's growing roster (trial-roster.ts). */
  readonly version?: number;
}

/** A ring has up to 100 receivers (peering.md section 2.5). */
export const MAX_NODES = 100;

/** Admits the nodes of a roster that does not change, and nobody else. */
export function admissionOf(roster: RingRoster): Admission {
  const members = new Map<NodeId, Contact>(roster.contacts.map((contact) => [contact.id, contact]));
  return {
    ringId: () => roster.ringId,
    standing: (id) => (members.has(id) ? 'member' : 'stranger'),
    contactOf: (id) => members.get(id),
  };
}
