// The sealer at a clock that stands still: what it seals without waiting for its pause, on a real database and without HTTP.

import { pino } from 'pino';
import { it, onTestFinished } from 'vitest';
import { acceptRequests } from '../ingest/accept.ts';
import { ExpectedCounter } from '../ingest/expected-counter.ts';
import { RegistryCache } from '../ingest/registry-cache.ts';
import { Publisher } from '../publish.ts';
import { loadGenesis, loadHead } from '../store/block-store.ts';
import { startIngestParts } from '../testing/ingest-parts.ts';
import { makeDevice } from '../testing/test-device.ts';
import { until } from '../testing/until.ts';
import { FreshLeaves } from './fresh-leaves.ts';
import { MAX_RUN_BLOCKS } from './run-pace.ts';
import { Sealer } from './sealer.ts';

it('seals run after run while what is left over from the last one fills another', async () => {
  const parts = await startIngestParts();
  onTestFinished(() => parts.stop());
  const { pool, ledger } = parts;
  const standsStillAtUs = Date.now() * 1000;
  const nowUs = () => standsStillAtUs;
  const device = makeDevice();
  // Two runs and a half, in blocks of one reading.
  const readings = Array.from({ length: 2.5 * MAX_RUN_BLOCKS }, (_, n) => device.envelope(`{"device":"a","seq":${n}}`));
  const requests = [parts.read(...readings)];
  const [registry, expected] = [new RegistryCache(), new ExpectedCounter()];
  await acceptRequests(pool, { requests, registry, expected, isStrict: false, nowUs });
  const sealer = new Sealer({
    pool,
    ledger,
    rule: { transactionsPerBlock: 1, blockMaxWaitMs: 0 },
    difficultyBits: 1,
    nonceLimit: 1_000_000,
    publisher: new Publisher(await loadGenesis(pool)),
    fresh: new FreshLeaves(),
    log: pino({ level: 'silent' }),
    nowUs,
  });
  onTestFinished(() => sealer.stop());
  sealer.start();
  // Fewer blocks than planned may fit into a run's time, so not an exact number: more than one whole run, by a clock by which no pause ends.
  await until('a second run is sealed', async () => (await loadHead(pool)).header.index > MAX_RUN_BLOCKS);
});
