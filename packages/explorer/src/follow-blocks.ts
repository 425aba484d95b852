// The blocks as they are sealed: GET /v1/events, for as long as one connection lasts. A browser would reconnect by itself, behind the last block
// that it has; but who answers then may have another ledger, or less of this one, so whoever follows looks first (use-live-blocks.ts).

import { type BlockEvent, parseBlockEvent } from './api/blocks.ts';

export interface Follower {
  /** The stream is there. */
  onLive(): void;
  /** Blocks come in order. */
  onBlock(block: BlockEvent): void;
  /** It is over, or was refused; nothing more comes. */
  onAway(): void;
}

/** Follows from behind this block on; what it returns ends that, and is no `onAway`. */
export function followBlocks(lastBlockIndex: number, follower: Follower): () => void {
  const source = new EventSource(`/v1/events?last_event_id=${lastBlockIndex}`);
  source.addEventListener('open', () => follower.onLive());
  source.addEventListener('block', ({ data }) => {
    const block = parseBlockEvent(String(data));
    if (block) follower.onBlock(block);
  });
  source.addEventListener('error', () => {
    source.close();
    follower.onAway();
  });
  return () => source.close();
}
