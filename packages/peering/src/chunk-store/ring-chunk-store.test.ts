// What a chunk-store promises beyond the suite of abstract-chunk-store: order, versions, other stores of the same chunks, places that fail.

import { describe, expect, it } from 'vitest';
import { MemoryReplicaStore } from '../replication/memory-replica-store.ts';
import { testSigner } from '../replication/testing/test-keys.ts';
import { type ChunkPlace, localPlace } from './chunk-place.ts';
import { RingChunkStore, type RingChunkStoreOptions } from './ring-chunk-store.ts';
import { chunkOf, promised } from './testing/promised.ts';

/** Microseconds; the tests' clock stands still. */
const NOW_US = 1_000_000;

function memoryPlace(store = new MemoryReplicaStore()): ChunkPlace {
  return localPlace({
    store,
    nowUs: () => NOW_US,
    onFailure: (error) => {
      throw error;
    },
  });
}

function open(place: ChunkPlace, more: Partial<RingChunkStoreOptions> & { ownerNumber?: number } = {}): RingChunkStore {
  const { ownerNumber = 1, ...options } = more;
  const { nodeKey: rawKey, sign } = testSigner(ownerNumber);
  return new RingChunkStore(4, { place, owner: { rawKey, sign }, nowUs: () => NOW_US, ...options });
}

/** The place, with this many answers of each kind that fail first. */
function failing(place: ChunkPlace, failures: { values?: number; records?: number; reads?: number; finds?: number }) {
  const left = { values: 0, records: 0, reads: 0, finds: 0, ...failures };
  const isFailing = (kind: keyof typeof left): boolean => {
    left[kind] -= 1;
    return left[kind] >= 0;
  };
  const failingPlace: ChunkPlace = {
    putValue: async (bytes) => {
      const stored = await place.putValue(bytes);
      return isFailing('values') ? { ...stored, outcome: 'failed' } : stored;
    },
    putRecord: async (bytes) => {
      // It was kept, but nobody knows: as when the majority's acknowledgements are lost.
      const stored = await place.putRecord(bytes);
      return isFailing('records') ? { outcome: 'failed' } : stored;
    },
    getValue: async (key) => (isFailing('finds') ? 'unavailable' : place.getValue(key)),
    getRecords: async (key) => (isFailing('reads') ? { records: [], isMajority: false } : place.getRecords(key)),
  };
  return failingPlace;
}

describe('a chunk-store', () => {
  it('gives the chunk that was put last, in the order of the calls, although both were put at once', async () => {
    const store = promised(open(memoryPlace()));
    await Promise.all([store.put(3, chunkOf(1)), store.put(3, chunkOf(2)), store.put(3, chunkOf(3))]);
    expect(await store.get(3)).toEqual(chunkOf(3));
  });

  it('puts the bytes as they were at the call', async () => {
    const store = promised(open(memoryPlace()));
    const chunk = chunkOf(1);
    const put = store.put(0, chunk);
    chunk.fill('x');
    await put;
    expect(await store.get(0)).toEqual(chunkOf(1));
  });

  it('is found again by its owner and namespace, and by no other owner or namespace', async () => {
    const place = memoryPlace();
    const store = open(place);
    await promised(store).put(7, chunkOf(7));
    const { namespace } = store;
    expect(await promised(open(place, { namespace })).get(7)).toEqual(chunkOf(7));
    for (const other of [{ namespace, ownerNumber: 2 }, { namespace: 'another' }, {}]) {
      await expect(promised(open(place, other)).get(7)).rejects.toMatchObject({ code: 'chunk-not-found' });
    }
  });

  it('replaces a chunk of a clock that was ahead', async () => {
    const place = memoryPlace();
    const namespace = 'clocks';
    await promised(open(place, { namespace, nowUs: () => 9 * NOW_US })).put(0, chunkOf(1));
    await promised(open(place, { namespace })).put(0, chunkOf(2));
    expect(await promised(open(place, { namespace })).get(0)).toEqual(chunkOf(2));
  });

  it('forgets its chunks when it is destroyed, takes new ones afterwards, and does not find the old ones among them', async () => {
    const place = memoryPlace();
    const namespace = 'again';
    const first = promised(open(place, { namespace, nowUs: () => 9 * NOW_US }));
    await Promise.all([first.put(0, chunkOf(1)), first.put(1, chunkOf(1))]);
    await first.destroy();
    // Its clock is behind the one that destroyed.
    const second = promised(open(place, { namespace }));
    await expect(second.get(0)).rejects.toMatchObject({ code: 'chunk-not-found' });
    await second.put(1, chunkOf(2));
    expect(await second.get(1)).toEqual(chunkOf(2));
    await expect(promised(open(place, { namespace })).get(0)).rejects.toMatchObject({ code: 'chunk-not-found' });
    expect(await promised(open(place, { namespace })).get(1)).toEqual(chunkOf(2));
  });

  it('finishes what was put before it closes, and takes nothing afterwards', async () => {
    const place = memoryPlace();
    const namespace = 'closing';
    const store = open(place, { namespace });
    const puts = Array.from({ length: 40 }, (_, index) => promised(store).put(index, chunkOf(index)));
    await promised(store).close();
    for (let index = 0; index < 40; index += 1) {
      expect(await promised(open(place, { namespace })).get(index)).toEqual(chunkOf(index));
    }
    await Promise.all(puts);
    await expect(promised(store).put(0, chunkOf(0))).rejects.toMatchObject({ code: 'store-closed' });
    await expect(promised(store).get(0)).rejects.toMatchObject({ code: 'store-closed' });
    await promised(store).close();
    await promised(store).destroy();
    await promised(store).destroy();
  });

  it('has at most 16 puts under way', async () => {
    const place = memoryPlace();
    let underWay = 0;
    let most = 0;
    const counting: ChunkPlace = {
      ...place,
      putValue: async (bytes) => {
        underWay += 1;
        most = Math.max(most, underWay);
        const stored = await place.putValue(bytes);
        await new Promise((resolve) => setImmediate(resolve));
        underWay -= 1;
        return stored;
      },
    };
    const store = promised(open(counting));
    await Promise.all(Array.from({ length: 100 }, (_, index) => store.put(index, chunkOf(index))));
    expect(most).toBe(16);
  });

  it('says why it takes no such chunk, index or range', async () => {
    const store = promised(open(memoryPlace()));
    await store.put(0, chunkOf(0));
    await expect(store.put(0, Buffer.from('12345'))).rejects.toMatchObject({ code: 'chunk-length' });
    for (const index of [-1, 0.5, Number.NaN, 2 ** 53]) {
      await expect(store.put(index, chunkOf(0))).rejects.toMatchObject({ code: 'chunk-index' });
      await expect(store.get(index)).rejects.toMatchObject({ code: 'chunk-index' });
    }
    for (const range of [{ offset: 5 }, { offset: -1 }, { length: 5 }, { offset: 2, length: 3 }, { offset: 0.5 }]) {
      await expect(store.get(0, range)).rejects.toMatchObject({ code: 'chunk-range' });
    }
    expect(await store.get(0, { offset: 4 })).toEqual(Buffer.alloc(0));
    for (const length of [0, 0.5, 2 ** 40]) {
      expect(() => new RingChunkStore(length, { ...optionsOf(), place: memoryPlace() })).toThrow(RangeError);
    }
    expect(() => open(memoryPlace(), { namespace: 'a/b' })).toThrow(RangeError);
  });

  it('does not give a chunk of another length', async () => {
    const place = memoryPlace();
    const namespace = 'lengths';
    await promised(open(place, { namespace })).put(0, chunkOf(0));
    const longer = new RingChunkStore(5, { ...optionsOf(), place, namespace });
    await expect(promised(longer).get(0)).rejects.toMatchObject({ code: 'chunk-length' });
  });
});

describe('a chunk-store whose place fails', () => {
  it('puts and gets again, some times', async () => {
    const store = promised(open(failing(memoryPlace(), { values: 2, records: 2, reads: 2, finds: 2 })));
    await store.put(0, chunkOf(1));
    expect(await store.get(0)).toEqual(chunkOf(1));
  });

  it('says that a chunk was not stored when no majority has its bytes, or its record', async () => {
    const notStored = { code: 'chunk-not-stored' };
    const values = promised(open(failing(memoryPlace(), { values: 3 })));
    await expect(values.put(0, chunkOf(1))).rejects.toMatchObject(notStored);
    await expect(values.get(0)).rejects.toMatchObject({ code: 'chunk-not-found' });
    const records = promised(open(failing(memoryPlace(), { records: 3 })));
    await expect(records.put(0, chunkOf(1))).rejects.toMatchObject(notStored);
    await records.put(0, chunkOf(2));
    expect(await records.get(0)).toEqual(chunkOf(2));
  });

  it('does not say that there is no chunk when only a minority of the index answered', async () => {
    const store = promised(open(failing(memoryPlace(), { reads: 3 })));
    await expect(store.get(0)).rejects.toMatchObject({ code: 'chunk-unavailable' });
    await expect(store.get(0)).rejects.toMatchObject({ code: 'chunk-not-found' });
  });

  it('looks again for the end of its namespace when that could not be read', async () => {
    const place = memoryPlace();
    const store = promised(open(failing(place, { reads: 3 }), { namespace: 'ends' }));
    await expect(store.put(0, chunkOf(1))).rejects.toMatchObject({ code: 'chunk-unavailable' });
    await store.put(0, chunkOf(1));
    expect(await store.get(0)).toEqual(chunkOf(1));
  });

  it('says so when the bytes of a chunk are gone', async () => {
    const place = memoryPlace();
    const store = promised(open({ ...place, getValue: async () => 'missing' }));
    await store.put(0, chunkOf(1));
    await expect(store.get(0)).rejects.toMatchObject({ code: 'chunk-unavailable' });
  });

  it('fails, and hands on what its store threw, when the one node’s store is away', async () => {
    const failures: unknown[] = [];
    const away = new Error('away');
    const memory = new MemoryReplicaStore();
    const store = {
      perform: () => Promise.reject(away),
      usage: () => memory.usage(),
      valuesOfTransaction: () => [],
    };
    const place = localPlace({ store, nowUs: () => NOW_US, onFailure: (error) => failures.push(error) });
    await expect(promised(open(place)).put(0, chunkOf(1))).rejects.toMatchObject({ code: 'chunk-not-stored' });
    await expect(promised(open(place)).get(0)).rejects.toMatchObject({ code: 'chunk-unavailable' });
    expect(new Set(failures)).toEqual(new Set([away]));
  });
});

function optionsOf(): Omit<RingChunkStoreOptions, 'place'> {
  const { nodeKey: rawKey, sign } = testSigner(1);
  return { owner: { rawKey, sign }, nowUs: () => NOW_US };
}
