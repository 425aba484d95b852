// How a thread looks for nonces: the WebAssembly kernel where there is SIMD, the ledger's plain search where not. Both give the same nonces.

import { readFileSync } from 'node:fs';
import { HEADER_BYTES, headerHash, meetsDifficulty, NONCE_OFFSET, searchNonce } from '@telltale/ledger';
import { headerPreparation } from './prepare-header.ts';

export interface NonceSearch {
  /** As the ledger's `searchNonce`, for nonces below 2^32: the first that fits, which the header then has, or undefined. */
  readonly search: typeof searchNonce;
  /** Nonces that take one to four milliseconds: how many to search between two looks at whether to stop. Measured on one x64. */
  readonly sliceNonces: number;
}

/** Eight times slower than the kernel, measured on x64 with SHA instructions. */
export const plainSearch: NonceSearch = { search: searchNonce, sliceNonces: 2 ** 12 };

/** The kernel's code, compiled once and given to each thread; undefined where this machine has no WebAssembly SIMD. */
export function loadKernel(bytes: Uint8Array<ArrayBuffer> = readKernel()): WebAssembly.Module | undefined {
  if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(bytes)) return undefined;
  return new WebAssembly.Module(bytes);
}

/** The fastest search there is. */
export function nonceSearch(kernel: WebAssembly.Module | undefined): NonceSearch {
  return kernel ? kernelSearch(kernel) : plainSearch;
}

/** The kernel counts with 32 bits, and its offsets are signed. */
const MOST_NONCES_A_CALL = 2 ** 30;
const HASH_WORD_BITS = 32;

function kernelSearch(kernel: WebAssembly.Module): NonceSearch {
  const { memory, search } = new WebAssembly.Instance(kernel).exports;
  if (!(memory instanceof WebAssembly.Memory) || typeof search !== 'function')
    throw new Error('this is not the kernel');
  const prepare = headerPreparation(new Uint32Array(memory.buffer));
  return {
    sliceNonces: 2 ** 15,
    search(header, { firstNonce, endNonce, difficultyBits }) {
      if (header.length !== HEADER_BYTES) {
        throw new RangeError(`a header has ${HEADER_BYTES} bytes, not ${header.length}`);
      }
      if (endNonce > 2 ** 32) throw new RangeError('the kernel searches nonces below 2^32');
      prepare(header);
      const mask = difficultyBits === 0 ? 0 : -1 << Math.max(0, HASH_WORD_BITS - difficultyBits);
      let nonce = firstNonce;
      while (nonce < endNonce) {
        const count = Math.min(endNonce - nonce, MOST_NONCES_A_CALL);
        const offset = Number(search(nonce, count, mask));
        if (offset < 0) {
          nonce += count;
          continue;
        }
        nonce += offset;
        setNonce(header, nonce);
        // node:crypto has the last word on every find: the kernel compares 32 bits of the hash and no more.
        if (meetsDifficulty(headerHash(header), difficultyBits)) return nonce;
        if (difficultyBits <= HASH_WORD_BITS) throw new Error(`the kernel found nonce ${nonce}, which does not fit`);
        nonce += 1;
      }
      return undefined;
    },
  };
}

function setNonce(header: Uint8Array, nonce: number): void {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  view.setUint32(NONCE_OFFSET, 0);
  view.setUint32(NONCE_OFFSET + 4, nonce);
}

function readKernel(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL('./miner.wasm', import.meta.url)));
}
