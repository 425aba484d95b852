// The blocks as they are sealed: GET /v1/events, followed for as long as the page is open. A browser reconnects by itself and goes on behind
// the last block that it has; only where the receiver refused the stream it must be asked again.

import { type BlockEvent, parseBlockEvent } from './api/blocks.ts';

/** Before a stream that was refused is asked for again. A guess: the receiver has too many, and one that ends makes room. */
const RETRY_MS = 5_000;

export type FollowState = 'connecting' | 'live' | 'away';

export interface Follower {
  /** Blocks come in order; after a reconnection one may come twice. */
  onBlock(block: BlockEvent): void;
  onState(state: FollowState): void;
}

/** Follows from behind this block on; what it returns ends it. */
export function followBlocks(lastBlockIndex: number, follower: Follower): () => void {
  let last = lastBlockIndex;
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource(`/v1/events?last_event_id=${last}`);
    source.addEventListener('open', () => follower.onState('live'));
    source.addEventListener('block', ({ data }) => {
      const block = parseBlockEvent(String(data));
      if (!block) return;
      last = Math.max(last, block.block_index);
      follower.onBlock(block);
    });
    source.addEventListener('error', () => {
      follower.onState('away');
      if (source?.readyState === EventSource.CLOSED) retry = setTimeout(open, RETRY_MS);
    });
  };
  open();
  return () => {
    clearTimeout(retry);
    source?.close();
  };
}
