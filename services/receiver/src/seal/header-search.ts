// The search through one header's nonces, in slices, so that whoever searches can be told to stop. By one thread here; by several together in
// shared-search.ts.

import type { NonceSearch } from './wasm/nonce-search.ts';

export interface SearchTask {
  readonly difficultyBits: number;
  /** Nonces 0 … nonceLimit − 1 are tried, all of them before the answer is 'none'. */
  readonly nonceLimit: number;
}

/** Looks for the lowest nonce that fits. When it is found the header has it. */
export type HeaderSearch = (header: Uint8Array, task: SearchTask) => 'found' | 'none' | 'stopped';

/** The search by the calling thread alone. */
export function searchAlone({ search, sliceNonces }: NonceSearch, isStopped: () => boolean): HeaderSearch {
  return (header, { difficultyBits, nonceLimit }) => {
    for (let firstNonce = 0; firstNonce < nonceLimit; firstNonce += sliceNonces) {
      const endNonce = Math.min(firstNonce + sliceNonces, nonceLimit);
      if (search(header, { firstNonce, endNonce, difficultyBits }) !== undefined) return 'found';
      if (isStopped()) return 'stopped';
    }
    return 'none';
  };
}
