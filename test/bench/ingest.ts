// Ingest: what one reading costs from its arrival to its place in a published block, against what checking its signature alone costs.

import { type IngestMeasured, measureIngest } from './ingest-run.ts';
import type { Bench, BenchRow } from './row.ts';

/** As many connections as keep the receiver busy with arrays. */
const ARRAYS = { readingsPerBody: 100, connections: 8, transactionsPerBlock: 100 } as const;
const SINGLES = { readingsPerBody: 1, connections: 64, transactionsPerBlock: 100 } as const;
const ALGORITHMS = ['ed25519', 'ecdsa-p256', 'rsa-pss'] as const;

export const ingest: Bench = async (log) => {
  const rows: BenchRow[] = [];
  let firstPerSecond = 0;
  for (const algorithm of ALGORITHMS) {
    // The others only report: their verification is another limit.
    const isJudged = algorithm === 'ed25519';
    // An RSA signature takes the bench a millisecond to make.
    const readings = algorithm === 'rsa-pss' ? 20_000 : 60_000;
    const arrays = await measureIngest({ algorithm, readings, ...ARRAYS }, log);
    rows.push(rowOf(arrays, { what: `${algorithm}, arrays of 100`, ...(isJudged && { atMost: 1.6 }) }));
    if (isJudged) firstPerSecond = arrays.sealedPerSecond;
    const singles = await measureIngest({ algorithm, readings: readings / 2, ...SINGLES }, log);
    const what = `${algorithm}, single envelopes on 64 connections`;
    rows.push(rowOf(singles, { what, ...(isJudged && { atMost: 3 }) }));
  }
  const pairs = await measureIngest(
    { algorithm: 'ed25519', readings: 60_000, ...ARRAYS, transactionsPerBlock: 2 },
    log,
  );
  rows.push({
    what: 'sealed readings/s at TRANSACTIONS_PER_BLOCK=2 ÷ those at 100',
    ratio: pairs.sealedPerSecond / firstPerSecond,
    atLeast: 0.5,
    parts: { 'readings/s at 2': pairs.sealedPerSecond, 'readings/s at 100': firstPerSecond },
  });
  return rows;
};

function rowOf(measured: IngestMeasured, row: { what: string; atMost?: number }): BenchRow {
  const { busySeconds, aloneSeconds, receiverSeconds, postgresSeconds } = measured;
  const seconds = receiverSeconds + postgresSeconds;
  return {
    ...row,
    ratio: seconds / busySeconds,
    parts: {
      'bare verify with all cores busy µs': busySeconds * 1e6,
      'and alone µs': aloneSeconds * 1e6,
      'ratio to that': seconds / aloneSeconds,
      'receiver µs': receiverSeconds * 1e6,
      'PostgreSQL µs': postgresSeconds * 1e6,
      'acknowledged/s': measured.acknowledgedPerSecond,
      'sealed/s': measured.sealedPerSecond,
      'resident MB': measured.residentMb,
    },
  };
}
