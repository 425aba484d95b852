// The ring: hops of lookups in ideal rings with r = 4, what a join asks of others, and how soon churn is healed. Simulated, seeded: the
// figures are the same on every machine. Targets and their sources: peering.md 2.7.

import { roundsToIdeal } from '../../packages/peering/src/simulator/churned-ring.ts';
import { IdealRing } from '../../packages/peering/src/simulator/ideal-ring.ts';
import { randomId } from '../../packages/peering/src/simulator/random-roster.ts';
import { sfc32 } from '../../packages/peering/src/simulator/sfc32.ts';
import { type Bench, type BenchRow, quantile } from './row.ts';

const R = 4;
const SEED = 1;
const SIZES = [16, 100, 1_024, 10_000];
const LOOKUPS = 20_000;
const FINGER_ROUNDS = 50;
/** Fitted: 22, 50 and 90 requests at 100, 1,024 and 10,000 nodes are each about half of log2² N. */
const JOIN_FACTOR = 0.75;
const CHURNED_NODES = 1_000;

export const ring: Bench = async (log) => {
  const rows: BenchRow[] = [];
  for (const nodes of SIZES) {
    log(`${nodes} nodes, ${LOOKUPS} lookups`);
    rows.push(...rowsOf(nodes));
  }
  log(`${CHURNED_NODES} nodes, 10 % of them fail while as many join`);
  rows.push(churnRow());
  return rows;
};

function rowsOf(nodes: number): BenchRow[] {
  const simulated = new IdealRing({ nodes, r: R, seed: SEED });
  const random = sfc32(SEED + nodes);
  const hops: number[] = [];
  for (let i = 0; i < LOOKUPS; i++) {
    const from = simulated.ids[Math.floor(random() * nodes)];
    const key = randomId(random);
    const located = from === undefined ? undefined : simulated.locate(from, key);
    if (located?.owner?.id !== simulated.ownerOf(key)) throw new Error('a lookup in an ideal ring found a wrong owner');
    hops.push(located.hops);
  }
  const mean = hops.reduce((sum, one) => sum + one, 0) / LOOKUPS;
  const p99 = quantile(hops, 0.99);
  const halfLog = Math.log2(nodes) / 2;
  const asked = simulated.ids.slice(0, FINGER_ROUNDS).map((id) => simulated.fingerRequests(id));
  const perJoin = asked.reduce((sum, one) => sum + one, 0) / asked.length;
  return [
    {
      what: `${nodes} nodes: mean hops of a lookup, the last included, off ½ log2 N by`,
      ratio: Math.abs(mean - halfLog),
      atMost: 0.25,
      parts: { 'mean hops': mean, '½ log2 N': halfLog },
    },
    {
      what: `${nodes} nodes: hops of a lookup, 99th percentile − log2 N`,
      ratio: p99 - Math.log2(nodes),
      atMost: 1,
      parts: { 'p99 hops': p99, 'log2 N': Math.log2(nodes) },
    },
    {
      what: `${nodes} nodes: requests for the fingers of a node that joins ÷ log2² N`,
      ratio: perJoin / Math.log2(nodes) ** 2,
      atMost: JOIN_FACTOR,
      parts: { requests: perJoin },
    },
  ];
}

function churnRow(): BenchRow {
  const rounds = roundsToIdeal({ nodes: CHURNED_NODES, churned: CHURNED_NODES / 10, r: R, seed: SEED });
  const target = 2 * Math.log2(CHURNED_NODES) + R;
  return {
    what: `${CHURNED_NODES} nodes, 10 % fail at once and as many join: rounds of stabilisation until ideal ÷ (2 log2 N + r)`,
    ratio: rounds / target,
    atMost: 1,
    parts: { rounds, '2 log2 N + r': target },
  };
}
