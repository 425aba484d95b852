// SenML packs: how many measurements a receiver seals in a second when a hundred of them share a signature, a transaction and a leaf.

import { measureIngest } from './ingest-run.ts';
import type { Bench } from './row.ts';

const RECORDS_PER_PACK = 100;

export const senml: Bench = async (log) => {
  const measured = await measureIngest(
    {
      algorithm: 'ed25519',
      readings: 8_000,
      readingsPerBody: 20,
      recordsPerReading: RECORDS_PER_PACK,
      connections: 8,
      transactionsPerBlock: 100,
    },
    log,
  );
  const sealedPerSecond = measured.sealedPerSecond * RECORDS_PER_PACK;
  return [
    {
      what: `SenML packs of ${RECORDS_PER_PACK}, a sequence number in each record, arrays of 20: sealed readings/s ÷ 100,000`,
      ratio: sealedPerSecond / 100_000,
      atLeast: 1,
      parts: {
        'sealed/s': sealedPerSecond,
        'acknowledged/s': measured.acknowledgedPerSecond * RECORDS_PER_PACK,
        'receiver µs a reading': (measured.receiverSeconds * 1e6) / RECORDS_PER_PACK,
        'PostgreSQL µs a reading': (measured.postgresSeconds * 1e6) / RECORDS_PER_PACK,
        'bare verify of a pack µs': measured.aloneSeconds * 1e6,
        'resident MB': measured.residentMb,
      },
    },
  ];
};
