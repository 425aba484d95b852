// A ring of one store in memory, for tests of what puts and reads without caring where.

import { type ChunkPlace, localPlace } from '../chunk-store/chunk-place.ts';
import type { Ring } from '../node/ring.ts';
import { MemoryReplicaStore } from '../replication/memory-replica-store.ts';

/** It can be told to give other answers. */
export function oneStoreRing(
  more: Partial<ChunkPlace> = {},
): Pick<Ring, 'putValue' | 'putRecord' | 'getValue' | 'getRecords'> {
  const onFailure = (error: unknown): void => {
    throw error;
  };
  const place = { ...localPlace({ store: new MemoryReplicaStore(), nowUs: () => 1_000, onFailure }), ...more };
  return {
    putValue: async (bytes) => ({ ...(await place.putValue(bytes)), receipts: [] }),
    putRecord: async (bytes) => ({ ...(await place.putRecord(bytes)), receipts: [] }),
    getValue: (key) => place.getValue(key),
    getRecords: (key) => place.getRecords(key),
  };
}
