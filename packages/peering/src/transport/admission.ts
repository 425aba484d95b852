// What the transport asks of whoever keeps the roster, and what it tells about a node met for the first time.

import type { Contact } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import type { NodePublicKey } from './node-identity.ts';

/** What a node may do here: everything; only `roster.` requests, until it is admitted; nothing. */
export type Standing = 'member' | 'candidate' | 'stranger';

/** Who belongs to the ring. Asked anew for every hello and every request, so a change holds at once. */
export interface Admission {
  /** SHA-256 in hex that names the ring. Undefined: not known yet, so nobody is let in and only `introduce` may dial. */
  readonly ringId: () => string | undefined;
  readonly standing: (id: NodeId) => Standing;
  /** Where a member listens. */
  readonly contactOf: (id: NodeId) => Contact | undefined;
}

/** A node that was met without knowing it. */
export interface Introduction {
  readonly node: NodePublicKey;
  readonly ringId: string;
}
