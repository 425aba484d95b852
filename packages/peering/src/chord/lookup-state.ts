// One lookup under way: whom it asked, whom it may ask next, and for whose sake it runs.

import type { NodeId } from '../node-id.ts';

export type LookupNumber = number;

/** A node to ask: as a hop it must lie before the key, as an owner at or after it. */
export interface Candidate {
  readonly id: NodeId;
  readonly as: 'hop' | 'owner';
}

export type LookupPurpose =
  | { readonly kind: 'locate'; readonly token: string }
  | { readonly kind: 'finger' }
  | { readonly kind: 'join' }
  | { readonly kind: 'merge' };

export interface Lookup {
  readonly key: NodeId;
  /** Joining and merging look for the last node before the key, everything else for its owner. */
  readonly seeks: 'owner' | 'predecessor';
  readonly purpose: LookupPurpose;
  /** Who is asked now. */
  readonly asked: Candidate;
  /** Best first. */
  readonly waiting: readonly Candidate[];
  readonly tried: ReadonlySet<NodeId>;
  /** Nodes that have answered. */
  readonly hops: number;
}

/** What was found: the owner with its successors, or the predecessor with those at or after the key. Null: nothing. */
export interface Found {
  readonly id: NodeId;
  readonly successors: readonly NodeId[];
  readonly hops: number;
}
