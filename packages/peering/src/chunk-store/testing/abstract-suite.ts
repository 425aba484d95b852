// Runs the test suite of abstract-chunk-store with tape in this process, and says what became of each of its tests.

import declareTests from 'abstract-chunk-store/tests/index.js';
import tape from 'tape';
import { expect } from 'vitest';
import { z } from 'zod';
import { RingChunkStore, type RingChunkStoreOptions } from '../ring-chunk-store.ts';

/** The tests of abstract-chunk-store 1.5.0, as they stand in its tests/index.js. A release with others must be looked at. */
const TESTS = [
  'basic put, then get',
  'put invalid chunk length gives error',
  'concurrent puts, then concurrent gets',
  'interleaved puts and gets',
  'get with `offset` and `length` options',
  'get with null option',
  'get with empty object option',
  'get with `offset` option',
  'get with `length` option',
  'test for sparsely populated support',
  'test `put` without callback - error should be silent',
  'test `put` without callback - success should be silent',
  'chunkLength property',
  'test `get` on non-existent index',
  "test empty store's `close` calls its callback",
  "test non-empty store's `close` calls its callback",
];

const row = z.union([
  z.object({ type: z.literal('test'), id: z.number(), name: z.string() }),
  z.object({ type: z.literal('assert'), test: z.number(), ok: z.boolean(), name: z.string().optional() }),
  z.object({ type: z.literal('end'), test: z.number() }),
]);

/** One test of the suite. */
interface Ran {
  readonly name: string;
  isEnded: boolean;
  passed: number;
  readonly failed: string[];
}

/** Runs the suite on stores of this place, each with a namespace of its own. Throws unless all 16 tests ran to their end without a failure. */
export async function mustPassAbstractSuite(options: Omit<RingChunkStoreOptions, 'namespace'>): Promise<void> {
  class Store extends RingChunkStore {
    constructor(chunkLength: number) {
      super(chunkLength, options);
    }
  }
  const ran = await runSuite(Store);
  expect(ran.map(({ name }) => name)).toEqual(TESTS);
  for (const { name, isEnded, passed, failed } of ran) {
    expect({ name, isEnded, hasPassed: passed > 0, failed }).toEqual({
      name,
      isEnded: true,
      hasPassed: true,
      failed: [],
    });
  }
  expect(ran).toHaveLength(16);
}

async function runSuite(Store: new (chunkLength: number) => object): Promise<Ran[]> {
  const harness = tape.createHarness();
  const rows = harness.createStream({ objectMode: true });
  const ran = new Map<number, Ran>();
  const ended = new Promise<void>((resolve) => {
    rows.on('end', () => resolve());
  });
  rows.on('data', (data: unknown) => {
    const parsed = row.parse(data);
    if (parsed.type === 'test') {
      ran.set(parsed.id, { name: parsed.name, isEnded: false, passed: 0, failed: [] });
      return;
    }
    const test = ran.get(parsed.test);
    if (!test) throw new Error('a result of no test');
    if (parsed.type === 'end') test.isEnded = true;
    else if (parsed.ok) test.passed += 1;
    else test.failed.push(parsed.name ?? 'without a name');
  });
  declareTests(harness, Store);
  await ended;
  return [...ran.values()];
}
