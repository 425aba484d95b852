// Where a chunk-store keeps its chunks: a Ring, or one node's ReplicaStore alone. The alone one gives no copies, so no machine may be lost.

import type { Ring, Stored } from '../node/ring.ts';
import type { NodeId } from '../node-id.ts';
import { mergeRecords } from '../replication/record-rule.ts';
import type { ReplicaStore } from '../replication/replica-store.ts';
import { readRecord, recordKeys } from '../replication/signed-record.ts';
import { type StoredItem, valueItem } from '../replication/stored-item.ts';

/** The part of a Ring that a chunk-store needs; node/ring.ts says what each means. Nothing here rejects. */
export interface ChunkPlace extends Pick<Ring, 'getValue' | 'getRecords'> {
  putValue(bytes: Uint8Array): Promise<Pick<Stored, 'outcome'> & { readonly key: NodeId }>;
  putRecord(bytes: Uint8Array): Promise<Pick<Stored, 'outcome'>>;
}

/** A place on this machine only. What the store throws is an outcome here, and is handed to `onFailure`. `nowUs`: microseconds since the epoch. */
export function localPlace(parts: {
  store: ReplicaStore;
  nowUs: () => number;
  onFailure: (error: unknown) => void;
}): ChunkPlace {
  const { store, nowUs, onFailure } = parts;

  /** Crash before the store's commit: the item is not there, and nobody was told that it is. After it: it is there, told or not. */
  async function write(item: StoredItem): Promise<Stored['outcome']> {
    const request = {
      kind: 'write',
      item,
      by: null,
      limitBytes: Number.MAX_SAFE_INTEGER,
      storedAtUs: nowUs(),
    } as const;
    const result = await perform(request);
    const outcome = result?.kind === 'written' ? result.outcome : 'failed';
    if (outcome === 'new' || outcome === 'present') return 'stored';
    return outcome === 'superseded' ? 'superseded' : 'failed';
  }

  async function perform(request: Parameters<ReplicaStore['perform']>[0]) {
    try {
      return await store.perform(request);
    } catch (error) {
      onFailure(error);
      return undefined;
    }
  }

  return {
    async putValue(bytes) {
      const item = valueItem(bytes);
      return { outcome: await write(item), key: item.key };
    },
    async putRecord(bytes) {
      const record = readRecord(bytes);
      if (!record.ok) return { outcome: 'failed' };
      const { id } = record.value;
      const outcomes: Stored['outcome'][] = [];
      for (const key of recordKeys(record.value)) {
        outcomes.push(await write({ type: 'record', key, id, sizeBytes: bytes.length, bytes, record: record.value }));
      }
      return { outcome: outcomes.find((outcome) => outcome !== 'stored') ?? 'stored' };
    },
    async getValue(key) {
      const result = await perform({ kind: 'read', name: { type: 'value', key, id: key } });
      if (result?.kind !== 'read') return 'unavailable';
      return result.bytes ?? 'missing';
    },
    async getRecords(key) {
      const result = await perform({ kind: 'records', key });
      if (result?.kind !== 'records') return { records: [], isMajority: false };
      const records = result.records.flatMap((bytes) => {
        const record = readRecord(bytes);
        return record.ok ? [record.value] : [];
      });
      return { records: mergeRecords(records), isMajority: true };
    },
  };
}
