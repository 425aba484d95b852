// The newest blocks, and the next ones as they come, for the whole page: one stream, whatever is looked at.

import { useEffect, useState } from 'preact/hooks';
import { type BlockEvent, getNewestBlocks } from './api/blocks.ts';
import { type FollowState, followBlocks } from './follow-blocks.ts';

/** Blocks that the overview shows. A guess: a screen of them. */
const SHOWN_BLOCKS = 20;
/** Blocks that come within this time are shown together: a ledger may seal hundreds a second, and pages ask anew for each change. A guess. */
const GATHER_MS = 500;
/** Before the first blocks are asked for again, while the receiver cannot be reached. A guess. */
const RETRY_MS = 3_000;

export interface LiveBlocks {
  /** The newest first. */
  readonly blocks: readonly BlockEvent[];
  readonly state: FollowState;
  /** How often the receiver came back: another one may serve by then. */
  readonly returns: number;
}

export function useLiveBlocks(): LiveBlocks {
  const [blocks, setBlocks] = useState<readonly BlockEvent[]>([]);
  const [following, setFollowing] = useState<{ state: FollowState; returns: number }>({
    state: 'connecting',
    returns: 0,
  });
  useEffect(() => {
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
        setBlocks((shown) => news.reduce(withBlock, shown));
      }, GATHER_MS);
    };
    const aborted = new AbortController();
    const setState = (state: FollowState) =>
      setFollowing((before) => ({
        state,
        returns: before.returns + (before.state === 'away' && state === 'live' ? 1 : 0),
      }));
    const begin = async () => {
      try {
        const newest = await getNewestBlocks(SHOWN_BLOCKS, aborted.signal);
        if (aborted.signal.aborted) return;
        setBlocks(newest);
        stopFollowing = followBlocks(newest[0]?.block_index ?? 0, {
          onState: setState,
          onBlock: gather,
        });
      } catch {
        if (aborted.signal.aborted) return;
        setState('away');
        retry = setTimeout(begin, RETRY_MS);
      }
    };
    void begin();
    return () => {
      aborted.abort();
      clearTimeout(retry);
      clearTimeout(showing);
      stopFollowing?.();
    };
  }, []);
  return { blocks, ...following };
}

function withBlock(shown: readonly BlockEvent[], block: BlockEvent): readonly BlockEvent[] {
  const newest = shown[0]?.block_index ?? -1;
  return block.block_index > newest ? [block, ...shown].slice(0, SHOWN_BLOCKS) : shown;
}
