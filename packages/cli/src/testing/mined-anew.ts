// Chains that a receiver mined anew over the very same log: checkpoints, receipts and proofs cannot tell them from the first ones, and each
// is sound in itself. Only a block that somebody kept can.

import { makeLedger, remineLedger, type SmallLedger } from './small-ledger.ts';

export interface MinedAnew {
  readonly what: string;
  readonly original: SmallLedger;
  readonly forged: SmallLedger;
  /** The first block that is another. */
  readonly firstBlock: number;
  /** What differs there, as verify says it. */
  readonly words: RegExp;
}

// Blocks 1 to 4 hold leaves 0-3, 4-6, 7-9 and 10-12.
const original = makeLedger({ blocks: 4, perBlock: 3 });

/** Of the kept chain's last index there is no block in the other one. */
export const FEWER_BLOCKS: MinedAnew = {
  what: 'fewer blocks',
  original,
  forged: remineLedger(original, (blocks) => {
    const last = blocks.at(-1);
    return last ? [{ ...last, leaves: blocks.flatMap(({ leaves }) => leaves) }] : [];
  }),
  firstBlock: 1,
  words: /where the block ends \(kept: after 4 transactions, now: after 13\)/,
};

/** Both chains have as many blocks. */
export const MINED_ANEW: readonly MinedAnew[] = [
  {
    what: 'blocks with other times',
    original,
    forged: remineLedger(original, (blocks) =>
      blocks.map((block, i) => (i < 2 ? block : { ...block, timestampUs: block.timestampUs + 3_600_000_000 })),
    ),
    firstBlock: 3,
    words: /the time \(kept: 2026-07-17T00:00:03\.000003Z, now: 2026-07-17T01:00:03\.000003Z\)/,
  },
  {
    what: 'blocks with other boundaries',
    original,
    forged: remineLedger(original, (blocks) => {
      const [first, second, third, fourth] = blocks;
      if (!first || !second || !third || !fourth) throw new Error('there are not four blocks');
      const moved = { ...second, leaves: second.leaves.slice(0, 2) };
      return [first, moved, { ...third, leaves: [...second.leaves.slice(2), ...third.leaves] }, fourth];
    }),
    firstBlock: 2,
    words: /where the block ends \(kept: after 7 transactions, now: after 6\)/,
  },
  {
    what: 'blocks with a lower difficulty',
    original,
    forged: remineLedger(original, (blocks) => blocks.map((block) => ({ ...block, difficultyBits: 0 }))),
    firstBlock: 1,
    words: /the work demanded \(kept: 1 zero bits, now: 0\)/,
  },
];
