// The first thing that is wrong with a chain. What finds it is chain.ts, signature-queue.ts and whoever judges beside them.

/** The first thing that is wrong with a chain, and its exact place. */
export interface ChainFault {
  readonly code: string;
  readonly message: string;
  /** Absent for leaves that are not in a block yet. */
  readonly blockIndex?: number;
  /** Absent where the fault is the block's, not one leaf's. */
  readonly leafIndex?: number;
}

/** What is wrong with a leaf, for whoever judges it beside the chain. */
export type LeafFault = Pick<ChainFault, 'code' | 'message'>;
