// Mining a run of blocks one after the other: each header needs the hash of the one before. Runs in the miner's worker thread.

import { encodeHeader, type Hash, type Header, headerHash } from '@telltale/ledger';
import { type HeaderSearch, searchAlone } from './header-search.ts';
import { plainSearch } from './wasm/nonce-search.ts';

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

interface MiningMeans {
  readonly nowUs: () => number;
  readonly isStopped: () => boolean;
  /** The plain search by this thread alone, if none is given. */
  readonly search?: HeaderSearch;
}

/** Mines the run and gives the headers (116 bytes each), in order: at least one, unless it is told to stop. */
export function mineRun(run: MiningRun, means: MiningMeans): Uint8Array[] {
  const { nowUs, search = searchAlone(plainSearch, means.isStopped) } = means;
  const endUs = nowUs() + run.budgetMs * 1000;
  const headers: Uint8Array[] = [];
  let parent = run.parent;
  for (const target of run.blocks) {
    const mined = mineBlock(run, { parent, target }, { nowUs, search });
    if (!mined) break;
    headers.push(mined.bytes);
    parent = { index: mined.header.index, hash: headerHash(mined.bytes), timestampUs: mined.header.timestampUs };
    if (nowUs() >= endUs) break;
  }
  return headers;
}

function mineBlock(
  run: MiningRun,
  block: { parent: MiningRun['parent']; target: MiningTarget },
  { nowUs, search }: { nowUs: () => number; search: HeaderSearch },
): { header: Header; bytes: Uint8Array } | undefined {
  const { parent, target } = block;
  const { difficultyBits, nonceLimit } = run;
  let timestampUs = Math.max(nowUs(), parent.timestampUs + 1, target.lastReceivedAtUs);
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
    switch (search(bytes, { difficultyBits, nonceLimit })) {
      case 'found':
        return { header, bytes };
      case 'stopped':
        return undefined;
      case 'none':
        // No nonce fits this header: a later time makes another header of it. No transaction is dropped.
        timestampUs = Math.max(nowUs(), timestampUs + 1);
    }
  }
}
