// I8 of peering.md section 2.6 under random schedules: an item that was put has a live copy as long as fewer than k nodes failed since the
// last repair, and exactly its k replicas once the ring is quiet. The seed is in the test's name: the same seed is the same run.

import { describe, expect, it } from 'vitest';
import type { StoredItem } from './stored-item.ts';
import { type RingNode, SmallRing } from './testing/small-ring.ts';
import { chunkItem, textItem } from './testing/store-suite.ts';
import { testSigner } from './testing/test-keys.ts';

const SEEDS = 30;
const STEPS = 25;
const K = 3;
/** Enough for every comparison and walk of a ring that does not change. */
const QUIET_MS = 40_000;

class Schedule {
  readonly ring: SmallRing;
  readonly kept: StoredItem[] = [];
  private failures = 0;
  private puts = 0;

  constructor(seed: number) {
    this.ring = new SmallRing({ nodes: 6, seed });
  }

  step(): void {
    const draw = this.ring.random();
    if (draw < 0.55) this.put();
    else if (draw < 0.7) this.fail();
    else if (draw < 0.8) this.comeBack();
    else if (draw < 0.88 && this.ring.nodes.length < 10) this.ring.join();
    else if (draw < 0.94) this.ring.run(Math.floor(this.ring.random() * 3_000));
    else this.beQuiet();
    this.expectNothingLost();
  }

  beQuiet(): void {
    this.ring.run(QUIET_MS);
    this.failures = 0;
  }

  expectNothingLost(): void {
    for (const item of this.kept) expect(this.ring.holdersOf(item).length, item.key).toBeGreaterThan(0);
  }

  expectExactReplicas(): void {
    const ids = (nodes: readonly RingNode[]) => nodes.map(({ contact }) => contact.id).toSorted();
    for (const item of this.kept) {
      expect(ids(this.ring.holdersOf(item)), item.key).toEqual(ids(this.ring.replicasOf(item.key)));
    }
  }

  private put(): void {
    const number = ++this.puts;
    const item =
      number % 4 === 0
        ? chunkItem({ owner: testSigner(99), name: `n${number}`, version: 1, value: 'v' })
        : textItem(`value ${number}`);
    const putter = this.pick(this.ring.live());
    const { type, key, bytes } = item;
    const end = this.ring.ask(putter, { kind: 'put', token: `${number}`, type, key, bytes }, 'put-ended');
    // Two of three keep it now; one more failure than usual could lose it, so it counts once every replica has it.
    if (end?.outcome === 'stored' && end.receipts.length === K) this.kept.push(item);
  }

  /** A node dies, with its disk or without; fewer than k since the ring was last quiet, and enough stay to keep k copies. */
  private fail(): void {
    const live = this.ring.live();
    if (this.failures >= K - 1 || live.length <= K + 1) return;
    this.failures++;
    const node = this.pick(live);
    this.ring.kill(node);
    if (this.ring.random() < 0.5) node.store.wipe();
  }

  private comeBack(): void {
    const dead = this.ring.nodes.filter(({ isUp }) => !isUp);
    if (dead.length > 0) this.ring.revive(this.pick(dead));
  }

  private pick(nodes: readonly RingNode[]): RingNode {
    const node = nodes[Math.floor(this.ring.random() * nodes.length)];
    if (!node) throw new Error('no node is left');
    return node;
  }
}

describe('a ring under a random schedule', () => {
  it.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
    'loses nothing and ends with k copies (seed %i)',
    (seed) => {
      const schedule = new Schedule(seed);
      for (let step = 0; step < STEPS; step++) schedule.step();
      schedule.beQuiet();
      schedule.beQuiet();
      schedule.expectNothingLost();
      schedule.expectExactReplicas();
    },
  );

  it('is the same run for the same seed', () => {
    const trace = (seed: number) => {
      const schedule = new Schedule(seed);
      for (let step = 0; step < STEPS; step++) schedule.step();
      return {
        nowMs: schedule.ring.nowMs,
        traffic: [...schedule.ring.traffic],
        kept: schedule.kept.map(({ key }) => key),
      };
    };
    expect(trace(3)).toEqual(trace(3));
    expect(trace(3)).not.toEqual(trace(4));
  });
});
