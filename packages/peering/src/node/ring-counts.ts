// What the live node counts, read at one moment: for metrics (peering.md 5.6) and GET /v1/ring.

import { type ChordCounters, type ChordMode, membersSeen } from '../chord/index.ts';
import { replicationCounts, underReplicatedItems } from '../replication/replication.ts';
import type { ReplicationCounts } from '../replication/state.ts';
import type { TransportCounters } from '../transport/counters.ts';
import type { Driver } from './driver.ts';

export interface RingCounts {
  readonly mode: ChordMode;
  /** This node and its distinct pointers. */
  readonly membersSeen: number;
  /** Distinct. */
  readonly fingers: number;
  /** Items of this node's arc that, as far as it knows, fewer than k nodes keep. */
  readonly underReplicated: number;
  /** Undefined until the roster is known. */
  readonly chord: ChordCounters | undefined;
  /** Bytes of repair among them. Undefined until the roster is known. */
  readonly replication: ReplicationCounts | undefined;
  readonly transport: TransportCounters;
  /** Presented by nodes that wanted to join the trial ring through this boot node. */
  readonly wrongTokens: number;
  /** Steps of this node's own code that threw; each has a line in the log. */
  readonly faults: number;
}

export function countsOf(
  driver: Pick<Driver, 'state' | 'faults'> | undefined,
  outside: Pick<RingCounts, 'transport' | 'wrongTokens'>,
): RingCounts {
  if (!driver) {
    const none = {
      membersSeen: 0,
      fingers: 0,
      underReplicated: 0,
      chord: undefined,
      replication: undefined,
      faults: 0,
    };
    return { mode: 'forming', ...none, ...outside };
  }
  const { chord, replication } = driver.state;
  return {
    mode: chord.mode,
    membersSeen: membersSeen(chord),
    fingers: chord.fingers.length,
    underReplicated: underReplicatedItems(replication),
    chord: chord.counters,
    replication: replicationCounts(replication),
    ...outside,
    faults: driver.faults,
  };
}
