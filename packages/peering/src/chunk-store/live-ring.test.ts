// The whole suite of abstract-chunk-store on four live nodes, on real sockets; and again while one of them is killed.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testSigner } from '../replication/testing/test-keys.ts';
import { type LiveRing, startLiveRing } from '../testing/live-ring.ts';
import type { ChunkPlace } from './chunk-place.ts';
import { RingChunkStore } from './ring-chunk-store.ts';
import { mustPassAbstractSuite } from './testing/abstract-suite.ts';
import { chunkOf, promised } from './testing/promised.ts';

/** In the middle of the test that puts 100 chunks at once. */
const KILL_AT_PUT = 50;

let ring: LiveRing;
beforeEach(async () => {
  ring = await startLiveRing(4);
  await ring.untilIdeal();
});
afterEach(() => ring.stop());

function storesOn(place: ChunkPlace) {
  const { nodeKey: rawKey, sign } = testSigner(1);
  return { place, owner: { rawKey, sign }, nowUs: () => Date.now() * 1000 };
}

describe('the suite of abstract-chunk-store on a live ring of four', () => {
  it('passes, all 16 tests', async () => {
    await mustPassAbstractSuite(storesOn(ring.node(0)));
  });

  it.each([1, 2, 3])('passes, all 16 tests, while node %i is killed', async (victim) => {
    const node = ring.node(0);
    let puts = 0;
    let killed: Promise<void> | undefined;
    const place: ChunkPlace = {
      putValue: (bytes) => node.putValue(bytes),
      getValue: (key) => node.getValue(key),
      getRecords: (key) => node.getRecords(key),
      putRecord: (bytes) => {
        puts += 1;
        if (puts === KILL_AT_PUT) killed = ring.kill(victim);
        return node.putRecord(bytes);
      },
    };
    await mustPassAbstractSuite(storesOn(place));
    expect(puts).toBeGreaterThan(2 * KILL_AT_PUT);
    await killed;
    expect(ring.nodes).toHaveLength(3);
  });

  it('gives the chunks that were put through one node through every other, also when a node is gone', async () => {
    const { namespace } = await filled(5);
    await ring.kill(3);
    for (const node of ring.nodes) {
      const store = new RingChunkStore(4, { ...storesOn(node), namespace });
      for (let index = 0; index < 5; index += 1) expect(await promised(store).get(index)).toEqual(chunkOf(index));
    }
  });
});

/** A store on the last node that runs with so many chunks. */
async function filled(chunks: number): Promise<RingChunkStore> {
  const store = new RingChunkStore(4, storesOn(ring.node(3)));
  await Promise.all(Array.from({ length: chunks }, (_, index) => promised(store).put(index, chunkOf(index))));
  return store;
}
