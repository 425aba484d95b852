// The store in memory: for tests, the simulator, and receivers that keep no copies. Answers at once; gone when the process ends.

import type { NodeId } from '../node-id.ts';
import { isInRanges, type KeyRange } from './key-range.ts';
import { placeRecord } from './record-rule.ts';
import {
  byKeyAndId,
  CHILDREN,
  childDigest,
  type ReplicaStore,
  type StoreRequest,
  type StoreResult,
  type StoreUsage,
  transactionPrefix,
  transactionPrefixes,
  type WriteOutcome,
  type WriteRequest,
} from './replica-store.ts';
import { type ItemName, nameOf, type StoredItem } from './stored-item.ts';

interface Kept {
  readonly item: StoredItem;
  readonly by: NodeId | null;
}

export class MemoryReplicaStore implements ReplicaStore {
  /** By key and id. */
  private readonly kept = new Map<string, Kept>();
  private readonly usedBytes = new Map<NodeId | null, number>();

  perform(request: StoreRequest): StoreResult {
    switch (request.kind) {
      case 'write':
        return this.write(request);
      case 'read':
        return { kind: 'read', bytes: this.kept.get(slot(request.name))?.item.bytes ?? null };
      case 'records':
        return { kind: 'records', records: this.recordsOf(request.key).map(({ bytes }) => bytes) };
      case 'list':
        return { kind: 'list', items: this.namesIn(request.ranges).slice(0, request.limit) };
      case 'children':
        return { kind: 'children', children: this.childrenOf(request) };
      case 'missing':
        return { kind: 'missing', items: request.items.filter((name) => !this.kept.has(slot(name))) };
      case 'delete':
        return { kind: 'deleted', count: request.items.filter((name) => this.remove(name)).length };
      default:
        return request satisfies never;
    }
  }

  usage(): StoreUsage {
    const items = [...this.kept.values()].map(({ item }) => item);
    const values = items.filter(({ type }) => type === 'value').length;
    const sizeBytes = items.reduce((sum, item) => sum + item.sizeBytes, 0);
    return { values, records: items.length - values, sizeBytes };
  }

  valuesOfTransaction(transactionId: Uint8Array, limit: number): NodeId[] {
    const prefix = transactionPrefix(transactionId);
    const values = [...this.kept.values()].filter(
      ({ item }) => item.type === 'value' && transactionPrefixes(item.bytes).includes(prefix),
    );
    return values.map(({ item }) => item.key).slice(0, limit);
  }

  /** Forgets everything: a wiped disk. */
  wipe(): void {
    this.kept.clear();
    this.usedBytes.clear();
  }

  private write({ item, by, limitBytes }: WriteRequest): StoreResult {
    const written = (outcome: WriteOutcome, isEquivocation = false): StoreResult => {
      return { kind: 'written', outcome, isEquivocation };
    };
    if (this.kept.has(slot(item))) return written('present');
    const place = item.type === 'record' ? placeRecord(this.recordsOf(item.key), item.record) : undefined;
    if (place && place.outcome !== 'new') return written(place.outcome);
    const usedBytes = (this.usedBytes.get(by) ?? 0) + item.sizeBytes;
    if (by !== null && usedBytes > limitBytes) return written('quota');
    for (const record of place?.replaced ?? []) this.remove({ key: item.key, id: record.id });
    this.usedBytes.set(by, (this.usedBytes.get(by) ?? 0) + item.sizeBytes);
    // A copy: the bytes may be a view of a frame that is used again.
    this.kept.set(slot(item), { item: { ...item, bytes: Uint8Array.from(item.bytes) }, by });
    return written('new', place?.isEquivocation);
  }

  private remove(name: Pick<ItemName, 'key' | 'id'>): boolean {
    const kept = this.kept.get(slot(name));
    if (!kept) return false;
    this.usedBytes.set(kept.by, (this.usedBytes.get(kept.by) ?? 0) - kept.item.sizeBytes);
    return this.kept.delete(slot(name));
  }

  private recordsOf(key: NodeId) {
    return [...this.kept.values()].flatMap(({ item }) =>
      item.type === 'record' && item.key === key ? [item.record] : [],
    );
  }

  private namesIn(ranges: readonly KeyRange[]): ItemName[] {
    const items = [...this.kept.values()].map(({ item }) => item).filter(({ key }) => isInRanges(ranges, key));
    return items.map(nameOf).toSorted(byKeyAndId);
  }

  private childrenOf({ ranges, depth }: { ranges: readonly KeyRange[]; depth: number }) {
    const names = this.namesIn(ranges);
    return Array.from({ length: CHILDREN }, (_, digit) =>
      childDigest(names.filter(({ key }) => key[depth] === digit.toString(16))),
    );
  }
}

function slot({ key, id }: Pick<ItemName, 'key' | 'id'>): string {
  return key + id;
}
