// Ingest: what one reading costs from its arrival to its place in a published block, against what checking its signature alone costs.

import type { DeviceAlgorithm } from '../../services/receiver/src/testing/test-device.ts';
import { bareVerifiesOnAllCores, bareVerifySeconds } from './bare-limits.ts';
import { BenchLedger } from './bench-ledger.ts';
import { HttpLoad } from './http-load.ts';
import type { Bench, BenchRow } from './row.ts';
import { BodyMaker } from './signed-bodies.ts';

interface Load {
  readonly algorithm: DeviceAlgorithm;
  readonly readings: number;
  readonly readingsPerBody: number;
  readonly connections: number;
  readonly transactionsPerBlock: number;
}

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
    const arrays = await measure({ algorithm, readings, ...ARRAYS }, log);
    rows.push(rowOf(arrays, { what: `${algorithm}, arrays of 100`, ...(isJudged && { atMost: 1.6 }) }));
    if (isJudged) firstPerSecond = arrays.sealedPerSecond;
    const singles = await measure({ algorithm, readings: readings / 2, ...SINGLES }, log);
    const what = `${algorithm}, single envelopes on 64 connections`;
    rows.push(rowOf(singles, { what, ...(isJudged && { atMost: 3 }) }));
  }
  const pairs = await measure({ algorithm: 'ed25519', readings: 60_000, ...ARRAYS, transactionsPerBlock: 2 }, log);
  rows.push({
    what: 'sealed readings/s at TRANSACTIONS_PER_BLOCK=2 ÷ those at 100',
    ratio: pairs.sealedPerSecond / firstPerSecond,
    atLeast: 0.5,
    parts: { 'readings/s at 2': pairs.sealedPerSecond, 'readings/s at 100': firstPerSecond },
  });
  return rows;
};

interface Measured {
  /** CPU seconds of a bare verification, with all cores busy as they are under this load, and alone. */
  readonly busySeconds: number;
  readonly aloneSeconds: number;
  readonly receiverSeconds: number;
  readonly postgresSeconds: number;
  readonly acknowledgedPerSecond: number;
  readonly sealedPerSecond: number;
  readonly residentMb: number;
}

async function measure(load: Load, log: (text: string) => void): Promise<Measured> {
  const { algorithm, readings, readingsPerBody, connections, transactionsPerBlock } = load;
  log(`${algorithm}: ${readings} readings in bodies of ${readingsPerBody}, blocks of ${transactionsPerBlock}`);
  const maker = new BodyMaker(algorithm);
  // The first readings warm the receiver up and enrol the keys; the last block is filled, so that everything is sealed.
  const warmUp = maker.make({ readings: 4_000, readingsPerBody });
  const bodies = maker.make({ readings, readingsPerBody });
  const variables = { TRANSACTIONS_PER_BLOCK: String(transactionsPerBlock), BLOCK_MAX_WAIT_MS: '100' };
  const ledger = await BenchLedger.start(variables);
  const http = new HttpLoad(ledger.url, connections);
  try {
    await http.sendAll(warmUp);
    const enrolments = await enrolmentsOf(ledger);
    await ledger.untilSealed(enrolments + 4_000);
    const before = ledger.cpuSeconds();
    const startedAt = performance.now();
    await http.sendAll(bodies);
    const acknowledgedAt = performance.now();
    await ledger.untilSealed(enrolments + 4_000 + readings);
    const sealedAt = performance.now();
    const after = ledger.cpuSeconds();
    return {
      busySeconds: (await bareVerifiesOnAllCores(maker.sample())).cpuSeconds,
      aloneSeconds: bareVerifySeconds(maker.sample()),
      receiverSeconds: (after.receiver - before.receiver) / readings,
      postgresSeconds: (after.postgres - before.postgres) / readings,
      acknowledgedPerSecond: (readings / (acknowledgedAt - startedAt)) * 1000,
      sealedPerSecond: (readings / (sealedAt - startedAt)) * 1000,
      residentMb: ledger.residentBytes() / 1e6,
    };
  } finally {
    http.close();
    await ledger.stop();
  }
}

/** First-use leaves: each key and device has one. */
async function enrolmentsOf(ledger: BenchLedger): Promise<number> {
  const { rows } = await ledger.pool.query<{ count: bigint }>('SELECT count(*) FROM key_devices');
  return Number(rows[0]?.count);
}

function rowOf(measured: Measured, row: { what: string; atMost?: number }): BenchRow {
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
