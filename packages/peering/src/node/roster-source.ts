// Where the node has its roster from: the ROSTER file, the boot node's own, or the one a boot node gave (roster/). BootRoster and MemberRoster
// are such sources as they are.

import type { Message } from '../calls.ts';
import type { NodeId } from '../node-id.ts';
import type { MemberCalls } from '../roster/member-roster.ts';
import { admissionOf, type RingRoster } from '../roster/ring-roster.ts';
import type { Admission } from '../transport/admission.ts';

export interface RosterSource {
  /** Undefined: not known yet; onChange tells. */
  readonly current: RingRoster | undefined;
  readonly admission: Admission;
  /** Wrong tokens that were presented. Undefined: nobody is asked for one here. */
  readonly wrongTokens?: number;
  /** Calls back with every newer roster. */
  onChange(listener: (roster: RingRoster) => void): void;
  /** Answers peers' `roster.` messages; rejecting refuses them. */
  handle(from: NodeId, message: Message): Promise<Message>;
  /** Called once, with the way to other nodes. */
  start(calls: MemberCalls): void;
  stop?(): void;
}

/** The roster of a file: it does not change, and nobody is told of it. */
export function fixedRoster(roster: RingRoster): RosterSource {
  return {
    current: roster,
    admission: admissionOf(roster),
    onChange: () => undefined,
    handle: () => Promise.reject(new Error('this ring has a ROSTER file')),
    start: () => undefined,
  };
}
