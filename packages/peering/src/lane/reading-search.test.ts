// A reading that is looked for in a ring of three live nodes: one has it in its ledger, one lies, one asks.

import { asHash, encodeBlockBody } from '@telltale/ledger';
import type { ReadingQuery } from '@telltale/plugin';
import { makeSealedChain, type SealedChain } from '@telltale/plugin/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../calls.ts';
import type { RingNode } from '../node/ring-node.ts';
import { laneRecord } from '../replication/lane-statement.ts';
import { MemoryReplicaStore } from '../replication/memory-replica-store.ts';
import { rawKeyOf } from '../replication/raw-key.ts';
import { signRecord } from '../replication/signed-record.ts';
import { type LiveRing, startLiveRing } from '../testing/live-ring.ts';
import { LaneReader } from './lane-reader.ts';
import { ReadingSearch } from './reading-search.ts';

const chains = Array.from({ length: 3 }, () => makeSealedChain({ blockCount: 2, readingsPerBlock: 2 }));
const [asking, having] = chains;
if (!asking || !having) throw new Error('there are three chains');
const wanted = having.readings[3] ?? expect.unreachable();
const query: ReadingQuery = { kind: 'reading', transactionId: wanted.transactionId };

let ring: LiveRing;
let searches: ReadingSearch[];
let lie: ((message: Message) => Promise<Message>) | undefined;

beforeEach(async () => {
  searches = [];
  lie = undefined;
  const stores = chains.map(() => new MemoryReplicaStore());
  ring = await startLiveRing(3, {
    store: (index) => stores[index] ?? expect.unreachable(),
    prepare: (node, index) => {
      const search = searchOf(node, { chain: chains[index] ?? expect.unreachable(), index });
      searches[index] = search;
      node.serve('lane.', (from, message) => (index === 2 && lie ? lie(message) : search.answer(from, message)));
    },
  });
  await ring.untilIdeal();

  function searchOf(node: RingNode, { chain, index }: { chain: SealedChain; index: number }): ReadingSearch {
    const { ledger, readingReader: readings } = chain;
    const store = stores[index] ?? expect.unreachable();
    return new ReadingSearch({ ring: node, ledger, readings, store, lanes: new LaneReader(node) });
  }
});
afterEach(() => ring.stop());

const find = (index: number, signal = AbortSignal.timeout(10_000)) =>
  (searches[index] ?? expect.unreachable()).find(query, { signal });

const place = { origin: having.ledger.origin, leaf_index: 3, sealing: null };
const answer = (bytes: Uint8Array): Promise<Message> =>
  Promise.resolve({ t: 'lane.reading-found', body: { place }, bytes });

describe('a reading that another ledger of the ring has', () => {
  it('is found with its place and its block', async () => {
    expect(await find(0)).toEqual({
      origin: having.ledger.origin,
      leafIndex: wanted.leafIndex,
      leaf: Buffer.from(wanted.leaf),
      sealing: { blockIndex: 2, sealedAtUs: expect.any(Number) },
    });
  });

  it.each<[string, (message: Message) => Promise<Message>]>([
    ['another reading', () => answer(having.readings[2]?.leaf ?? expect.unreachable())],
    ['bytes that are no leaf', () => answer(new Uint8Array(100))],
    ['nonsense', () => Promise.resolve({ t: 'lane.reading-found', body: [1] })],
    ['another kind of message', () => Promise.resolve({ t: 'lane.else', body: { place } })],
    ['nothing', () => Promise.reject(new Error('refused'))],
  ])('is found although a peer answers with %s', async (_name, lying) => {
    lie = lying;
    expect(await find(0)).toMatchObject({ origin: having.ledger.origin, leafIndex: wanted.leafIndex });
  });

  it('is found in the bodies on the ring while its receiver is gone', async () => {
    const node = ring.node(1);
    const { ledger } = having;
    const introduced = laneRecord(rawKeyOf(ledger.publicKey), ledger);
    expect((await node.putRecord(signRecord(introduced, ledger.signText))).outcome).toBe('stored');
    const block = having.blocks[2] ?? expect.unreachable();
    const previousLogSize = block.firstLeafIndex;
    const peaks = await having.blockReader.peaks(previousLogSize);
    expect((await node.putValue(encodeBlockBody({ ...block, previousLogSize, peaks }))).outcome).toBe('stored');
    await ring.kill(1);
    for (const index of [0, 2]) expect(await find(index)).toMatchObject({ leafIndex: 3, sealing: { blockIndex: 2 } });
  });

  it('is not found when everybody who has it is gone, and nobody waits for that longer than the query may take', async () => {
    await ring.kill(1);
    expect(await find(0)).toBeUndefined();
    lie = () => new Promise(() => undefined);
    expect(await find(0, AbortSignal.timeout(50))).toBeUndefined();
  });

  it('is refused to whoever asks for something else', async () => {
    const from = ring.node(2).self;
    const search = searches[1] ?? expect.unreachable();
    for (const body of [{}, { transaction_id: 'ab' }, { transaction_id: 'ab'.repeat(32), more: 1 }, null]) {
      await expect(search.answer(from, { t: 'lane.reading', body })).rejects.toThrow('no such request');
    }
    const none = {
      t: 'lane.reading',
      body: { transaction_id: Buffer.from(asHash(new Uint8Array(32))).toString('hex') },
    };
    expect(await search.answer(from, none)).toEqual({ t: 'lane.reading-found', body: { place: null } });
  });
});
