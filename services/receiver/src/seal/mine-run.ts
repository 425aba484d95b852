// Mining a run of blocks one after the other: each header needs the hash of the one before. Runs in the miner's worker thread.

import { encodeHeader, type Hash, type Header, headerHash, searchNonce } from '@telltale/ledger';

/** What a run starts from and must fulfil. Structured-clone safe: it crosses to the worker thread. */
export interface MiningRun {
  readonly parent: { readonly index: number; readonly hash: Uint8Array; readonly timestampUs: number };
  readonly lane: Uint8Array;
  readonly difficultyBits: number;
  /** Nonces tried for one header before its timestamp is renewed. */
  readonly nonceLimit: number;
  readonly blocks: readonly MiningTarget[];
  /** After this long the run ends with the blocks that it has, once it has one. */
  readonly budgetMs: number;
}

export interface MiningTarget {
  readonly logRoot: Uint8Array;
  readonly logSize: number;
  readonly lastReceivedAtUs: number;
}

/** Nonces between two looks at the clock and at whether to stop: a few milliseconds of work. */
const NONCES_PER_LOOK = 4096;

/** Mines the run and gives the headers (116 bytes each), in order: at least one, unless it is told to stop. */
export function mineRun(run: MiningRun, clock: { nowUs: () => number; isStopped: () => boolean }): Uint8Array[] {
  const endUs = clock.nowUs() + run.budgetMs * 1000;
  const headers: Uint8Array[] = [];
  let parent = run.parent;
  for (const target of run.blocks) {
    const mined = mineBlock(run, { parent, target }, clock);
    if (!mined) break;
    headers.push(mined.bytes);
    parent = { index: mined.header.index, hash: headerHash(mined.bytes), timestampUs: mined.header.timestampUs };
    if (clock.nowUs() >= endUs) break;
  }
  return headers;
}

function mineBlock(
  run: MiningRun,
  block: { parent: MiningRun['parent']; target: MiningTarget },
  clock: { nowUs: () => number; isStopped: () => boolean },
): { header: Header; bytes: Uint8Array } | undefined {
  const { parent, target } = block;
  const { difficultyBits, nonceLimit } = run;
  let timestampUs = Math.max(clock.nowUs(), parent.timestampUs + 1, target.lastReceivedAtUs);
  for (;;) {
    const header: Header = {
      index: parent.index + 1,
      previousHash: parent.hash as Hash,
      timestampUs,
      lane: run.lane,
      logRoot: target.logRoot as Hash,
      logSize: target.logSize,
      difficultyBits,
      nonce: 0n,
    };
    const bytes = encodeHeader(header);
    for (let firstNonce = 0; firstNonce < nonceLimit; firstNonce += NONCES_PER_LOOK) {
      const endNonce = Math.min(firstNonce + NONCES_PER_LOOK, nonceLimit);
      if (searchNonce(bytes, { firstNonce, endNonce, difficultyBits }) !== undefined) return { header, bytes };
      if (clock.isStopped()) return undefined;
    }
    // No nonce fits this header: a later time makes another header of it. No transaction is dropped.
    timestampUs = Math.max(clock.nowUs(), timestampUs + 1);
  }
}
