// The newest blocks, and the next ones as they come, for the whole page: one stream, whatever is looked at.

import { useEffect, useState } from 'preact/hooks';
import { type BlockEvent, getNewestBlocks } from './api/blocks.ts';
import { followBlocks } from './follow-blocks.ts';

/** Blocks that the overview shows. A guess: a screen of them. */
const SHOWN_BLOCKS = 20;
/** Blocks that come within this time are shown together: a ledger may seal hundreds a second, and pages ask anew for each change. A guess. */
const GATHER_MS = 500;
/** Before a receiver that cannot be reached, or has no room for one more stream, is asked again. A guess: as long as browsers wait. */
const RETRY_MS = 3_000;

export type FollowState = 'connecting' | 'live' | 'away';

export interface LiveBlocks {
  /** The newest first. */
  readonly blocks: readonly BlockEvent[];
  readonly state: FollowState;
  /** How often the receiver came back: another one may serve by then. */
  readonly returns: number;
}

interface Following {
  readonly state: FollowState;
  readonly lives: number;
}

export function useLiveBlocks(): LiveBlocks {
  const [blocks, setBlocks] = useState<readonly BlockEvent[]>([]);
  const [following, setFollowing] = useState<Following>({ state: 'connecting', lives: 0 });
  useEffect(() => {
    let end: (() => void) | undefined;
    // A page that nobody sees gives its connection back: a browser has six for one receiver, and a tab each would take them all.
    const look = () => {
      end?.();
      end = document.hidden ? undefined : live({ setBlocks, setFollowing });
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      end?.();
    };
  }, []);
  return { blocks, state: following.state, returns: Math.max(0, following.lives - 1) };
}

/** Shows the newest blocks and follows them; what it returns ends that. */
function live(to: {
  setBlocks(change: (shown: readonly BlockEvent[]) => readonly BlockEvent[]): void;
  setFollowing(change: (before: Following) => Following): void;
}): () => void {
  const aborted = new AbortController();
  let stopFollowing: (() => void) | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let showing: ReturnType<typeof setTimeout> | undefined;
  let gathered: BlockEvent[] = [];
  const gather = (block: BlockEvent) => {
    // The shown ones are the newest: older ones that wait need not.
    gathered = [...gathered, block].slice(-SHOWN_BLOCKS);
    showing ??= setTimeout(() => {
      const news = gathered;
      gathered = [];
      showing = undefined;
      to.setBlocks((shown) => news.reduce(withBlock, shown));
    }, GATHER_MS);
  };
  const enter = (state: FollowState) =>
    to.setFollowing(({ lives }) => ({ state, lives: lives + (state === 'live' ? 1 : 0) }));
  const leave = () => {
    enter('away');
    gathered = [];
    retry = setTimeout(begin, RETRY_MS);
  };
  // Each time anew, in place of what is shown: the ledger may be another one, or stand further back.
  const begin = async () => {
    try {
      const newest = await getNewestBlocks(SHOWN_BLOCKS, aborted.signal);
      if (aborted.signal.aborted) return;
      to.setBlocks(() => newest);
      const follower = { onLive: () => enter('live'), onBlock: gather, onAway: leave };
      stopFollowing = followBlocks(newest[0]?.block_index ?? 0, follower);
    } catch {
      if (!aborted.signal.aborted) leave();
    }
  };
  void begin();
  return () => {
    aborted.abort();
    clearTimeout(retry);
    clearTimeout(showing);
    stopFollowing?.();
  };
}

function withBlock(shown: readonly BlockEvent[], block: BlockEvent): readonly BlockEvent[] {
  const newest = shown[0]?.block_index ?? -1;
  return block.block_index > newest ? [block, ...shown].slice(0, SHOWN_BLOCKS) : shown;
}
