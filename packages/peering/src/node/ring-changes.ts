// The log of a node's place in the ring: a line when it changes, and when the number of items with too few copies does. A peer that went down
// is the transport's line.

import type { Contact } from '../calls.ts';
import type { RingView } from '../chord/index.ts';
import { underReplicatedItems } from '../replication/replication.ts';
import type { ComposedState } from './composed.ts';
import type { RingLog } from './driver.ts';

export class RingChanges {
  private readonly log: RingLog;
  private underReplicated = 0;

  constructor(log: RingLog) {
    this.log = log;
  }

  ringChanged({ mode, predecessor, successors }: RingView): void {
    const idOf = ({ id }: Contact): string => id;
    const fields = { mode, predecessor: predecessor?.id ?? null, successors: successors.map(idOf) };
    this.log.info(fields, 'ring changed');
  }

  /** After each step. The count moves when a comparison ends or neighbours change, so there is no line per item. */
  look(state: ComposedState): void {
    const underReplicated = underReplicatedItems(state.replication);
    if (underReplicated === this.underReplicated) return;
    this.underReplicated = underReplicated;
    this.log.info({ underReplicated }, 'under-replicated items changed');
  }
}
