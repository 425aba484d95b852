import { describe, expect, it } from 'vitest';
import { IdealRing } from './ideal-ring.ts';
import { randomId } from './random-roster.ts';
import { sfc32 } from './sfc32.ts';

const LOOKUPS = 4_000;

describe('lookups in an ideal ring with r = 4', () => {
  for (const nodes of [16, 100]) {
    it(`find the owner among ${nodes} nodes in about half of log2 N hops, the last included`, () => {
      const ring = new IdealRing({ nodes, r: 4, seed: 1 });
      const random = sfc32(2);
      const hops: number[] = [];
      for (let i = 0; i < LOOKUPS; i++) {
        const from = ring.ids[Math.floor(random() * nodes)];
        if (from === undefined) throw new RangeError('no node');
        const key = randomId(random);
        const located = ring.locate(from, key);
        expect(located.owner?.id).toBe(ring.ownerOf(key));
        hops.push(located.hops);
      }
      const mean = hops.reduce((sum, one) => sum + one, 0) / LOOKUPS;
      expect(Math.abs(mean - Math.log2(nodes) / 2)).toBeLessThanOrEqual(0.25);
      expect(hops.toSorted((a, b) => a - b)[Math.floor(0.99 * LOOKUPS)]).toBeLessThanOrEqual(Math.log2(nodes) + 1);
    });
  }

  it('leave the fingers as a round of the reducer itself finds them', () => {
    const ring = new IdealRing({ nodes: 100, r: 4, seed: 3 });
    for (const id of ring.ids.slice(0, 20)) {
      const before = ring.states.get(id)?.fingers;
      ring.fingerRequests(id);
      expect(ring.states.get(id)?.fingers).toEqual(before);
    }
  });
});
