// What a chunk-store's callbacks are given when something fails.

/**
 * `chunk-length`, `chunk-index`, `chunk-range`: the caller's arguments. `chunk-not-found`: nothing was put there. `chunk-not-stored`: no majority
 * of the replicas acknowledged the put; some may keep it all the same, and it may be put again. `chunk-unavailable`: too few replicas answered, or the
 * chunk's bytes were not found. `store-closed`: after close() or destroy().
 */
export type ChunkStoreCode =
  | 'chunk-length'
  | 'chunk-index'
  | 'chunk-range'
  | 'chunk-not-found'
  | 'chunk-not-stored'
  | 'chunk-unavailable'
  | 'store-closed';

export class ChunkStoreError extends Error {
  readonly code: ChunkStoreCode;

  constructor(code: ChunkStoreCode, message: string) {
    super(message);
    this.name = 'ChunkStoreError';
    this.code = code;
  }
}
