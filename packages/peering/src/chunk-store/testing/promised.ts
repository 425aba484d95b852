// A chunk-store with promises, for tests.

import type { ChunkRange, RingChunkStore } from '../ring-chunk-store.ts';

/** A chunk of 4 bytes that says its number. */
export function chunkOf(number: number): Buffer {
  return Buffer.from(number.toString().padStart(4, '0'));
}

export function promised(store: RingChunkStore) {
  return {
    put: (index: number, chunk: Uint8Array) =>
      new Promise<void>((resolve, reject) => {
        store.put(index, chunk, (error) => (error ? reject(error) : resolve()));
      }),
    get: (index: number, range?: ChunkRange) =>
      new Promise<Buffer | undefined>((resolve, reject) => {
        store.get(index, range, (error, chunk) => (error ? reject(error) : resolve(chunk)));
      }),
    close: () =>
      new Promise<void>((resolve, reject) => {
        store.close((error) => (error ? reject(error) : resolve()));
      }),
    destroy: () =>
      new Promise<void>((resolve, reject) => {
        store.destroy((error) => (error ? reject(error) : resolve()));
      }),
  };
}
