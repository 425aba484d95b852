// What waited for the open step to end: candidates of NOTIFY and of MERGE, one after the other.

import { rectify } from './rectify.ts';
import type { Turn } from './turn.ts';

export function runWaiting(turn: Turn): void {
  while (turn.state.mode === 'member' && !turn.state.step) {
    const { notified, mergePredecessor, mergeSuccessor, roster } = turn.state;
    if (notified !== null) {
      turn.update({ notified: null });
      rectify(turn, notified);
    } else if (mergePredecessor !== null) {
      turn.update({ mergePredecessor: null });
      if (!roster.has(mergePredecessor)) continue;
      turn.open({ kind: 'rectify-candidate', peer: mergePredecessor }, { t: 'chord.ping', body: {} });
    } else if (mergeSuccessor !== null) {
      turn.update({ mergeSuccessor: null });
      if (!roster.has(mergeSuccessor)) continue;
      turn.open({ kind: 'from-predecessor', peer: mergeSuccessor }, { t: 'chord.state', body: {} });
    } else {
      return;
    }
  }
}
