// One run of load against a receiver of its own: from signed bodies to their places in published blocks, with what it cost.

import type { DeviceAlgorithm } from '../../services/receiver/src/testing/test-device.ts';
import { bareVerifiesOnAllCores, bareVerifySeconds } from './bare-limits.ts';
import { BenchLedger } from './bench-ledger.ts';
import { HttpLoad } from './http-load.ts';
import { BodyMaker } from './signed-bodies.ts';

/**
 * Enough for the receiver’s code to be compiled, and to enrol the keys: after 4,000 V8's threads, which compile, took 24 µs for a single reading, and
 * 8 µs after 40,000 (one run each).
 */
const WARM_UP_READINGS = 40_000;

export interface IngestLoad {
  readonly algorithm: DeviceAlgorithm;
  /** Each a transaction. */
  readonly readings: number;
  readonly readingsPerBody: number;
  /** Where it is there: each reading is a SenML pack of so many records. */
  readonly recordsPerReading?: number;
  readonly connections: number;
  readonly transactionsPerBlock: number;
}

/** Of one reading or of all; a pack is one. */
export interface IngestMeasured {
  /** CPU seconds of a bare verification, with all cores busy as they are under this load, and alone. */
  readonly busySeconds: number;
  readonly aloneSeconds: number;
  readonly receiverSeconds: number;
  readonly postgresSeconds: number;
  readonly acknowledgedPerSecond: number;
  readonly sealedPerSecond: number;
  readonly residentMb: number;
}

/** Runs the load once on a new ledger, which is removed afterwards. */
export async function measureIngest(load: IngestLoad, log: (text: string) => void): Promise<IngestMeasured> {
  const { algorithm, readings, readingsPerBody, recordsPerReading, connections, transactionsPerBlock } = load;
  log(`${algorithm}: ${readings} readings in bodies of ${readingsPerBody}, blocks of ${transactionsPerBlock}`);
  const maker = new BodyMaker(algorithm, { recordsPerReading });
  // The first readings warm the receiver up and enrol the keys; the last block is filled, so that everything is sealed.
  const warmUp = maker.make({ readings: WARM_UP_READINGS, readingsPerBody });
  const bodies = maker.make({ readings, readingsPerBody });
  const variables = { TRANSACTIONS_PER_BLOCK: String(transactionsPerBlock), BLOCK_MAX_WAIT_MS: '100' };
  const ledger = await BenchLedger.start(variables);
  const http = new HttpLoad(ledger.url, connections);
  try {
    await http.sendAll(warmUp);
    const enrolments = await enrolmentsOf(ledger);
    await ledger.untilSealed(enrolments + WARM_UP_READINGS);
    const before = ledger.cpuSeconds();
    const startedAt = performance.now();
    await http.sendAll(bodies);
    const acknowledgedAt = performance.now();
    await ledger.untilSealed(enrolments + WARM_UP_READINGS + readings);
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
