// The public face of @telltale/peering: the plugin; how to make one with other times or with code of one's own on the ring; and the chunk-store.

export type { ChunkOwner } from './chunk-store/chunk-index.ts';
export { type ChunkPlace, localPlace } from './chunk-store/chunk-place.ts';
export { type ChunkStoreCode, ChunkStoreError } from './chunk-store/chunk-store-error.ts';
export {
  type ChunkCallback,
  type ChunkRange,
  type DoneCallback,
  RingChunkStore,
  type RingChunkStoreOptions,
} from './chunk-store/ring-chunk-store.ts';
export type { Ring, Stored } from './node/ring.ts';
export type { ObjectEvents, ObjectHooks } from './objects/object-hooks.ts';
export type { RingObjects, SubmittedObject } from './objects/ring-objects.ts';
export { RING_SETTINGS, type RingSettings } from './open-ring-node.ts';
export { peeringWith, plugin, type RingFace } from './plugin.ts';
export { MemoryReplicaStore } from './replication/memory-replica-store.ts';
export { PostgresReplicaStore } from './replication/postgres-replica-store.ts';
export type { ReplicaStore } from './replication/replica-store.ts';
