// Which runs the sealer makes of what is pending: on a real database, without HTTP, with a clock of the test's.

import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { expect, it, onTestFinished, vi } from 'vitest';
import { acceptRequests } from '../ingest/accept.ts';
import { ExpectedCounter } from '../ingest/expected-counter.ts';
import { RegistryCache } from '../ingest/registry-cache.ts';
import { Publisher } from '../publish.ts';
import { loadGenesis, loadHead } from '../store/block-store.ts';
import { acquireLease } from '../store/lease-store.ts';
import { startIngestParts } from '../testing/ingest-parts.ts';
import { makeDevice } from '../testing/test-device.ts';
import { until } from '../testing/until.ts';
import { FreshLeaves } from './fresh-leaves.ts';
import { MAX_RUN_BLOCKS } from './run-pace.ts';
import { PENDING_WINDOW, Sealer } from './sealer.ts';

/** Readings in one transaction: as many as one request may have. */
const GROUP_READINGS = 1_000;

/** Accepts so many readings of one device, and then lets a sealer begin. `newest`: the newest block's header. */
async function sealBacklog(backlog: {
  readings: number;
  transactionsPerBlock: number;
  nowUs: () => number;
  /** Another receiver seals. */
  isTaken?: boolean;
}) {
  const { readings, transactionsPerBlock, nowUs } = backlog;
  const parts = await startIngestParts();
  onTestFinished(() => parts.stop());
  const { pool, ledger } = parts;
  const device = makeDevice();
  const [registry, expected] = [new RegistryCache(), new ExpectedCounter()];
  for (let first = 0; first < readings; first += GROUP_READINGS) {
    const count = Math.min(GROUP_READINGS, readings - first);
    const envelopes = Array.from({ length: count }, (_, n) => device.envelope(`{"device":"a","seq":${first + n}}`));
    await acceptRequests(pool, { requests: [parts.read(...envelopes)], registry, expected, isStrict: false, nowUs });
  }
  if (backlog.isTaken) await acquireLease(pool, { holder: randomUUID(), durationMs: 60_000 });
  const [fresh, publisher] = [new FreshLeaves(), new Publisher(await loadGenesis(pool))];
  const sealer = new Sealer({
    pool,
    ledger,
    rule: { transactionsPerBlock, blockMaxWaitMs: 0 },
    difficultyBits: 1,
    nonceLimit: 1_000_000,
    publisher,
    fresh,
    log: pino({ level: 'silent' }),
    nowUs,
  });
  onTestFinished(() => sealer.stop());
  sealer.start();
  return { sealer, fresh, publisher, newest: async () => (await loadHead(pool)).header };
}

it('seals run after run while what is left over from the last one fills another', async () => {
  const standsStillAtUs = Date.now() * 1000;
  // Two runs and a half, in blocks of one reading.
  const readings = 2.5 * MAX_RUN_BLOCKS;
  const { newest } = await sealBacklog({ readings, transactionsPerBlock: 1, nowUs: () => standsStillAtUs });
  // Fewer blocks than planned may fit into a run's time, so not an exact number: more than one whole run, by a clock by which no pause ends.
  await until('a second run is sealed', async () => (await newest()).index > MAX_RUN_BLOCKS);
});

it('seals all of a backlog of which it holds a part at a time', async () => {
  const blocks = Math.ceil((1.1 * PENDING_WINDOW) / 100);
  const { newest } = await sealBacklog({
    readings: 100 * blocks,
    transactionsPerBlock: 100,
    nowUs: () => Date.now() * 1000,
  });
  await until('all is sealed', async () => (await newest()).index === blocks);
  // The key's enrolment is a leaf, too.
  expect((await newest()).logSize).toBe(100 * blocks + 1);
});

/** Waits until nudges no longer make it look; each is followed by a question to the database, in which time it would. */
async function untilNudgesAreInVain(sealer: Sealer, of: { looks: readonly unknown[]; newest: () => Promise<unknown> }) {
  await until('it has looked, and rests', async () => {
    const before = of.looks.length;
    for (let nudges = 0; nudges < 100; nudges++) {
      sealer.nudge();
      await of.newest();
    }
    return of.looks.length > 0 && of.looks.length === before;
  });
  // Two a second without nudges, and as long as this test may take.
  expect(of.looks.length).toBeLessThan(60);
}

it('looks through what waits for a block when one may be full, and not whenever a reading comes', async () => {
  const nowUs = () => Date.now() * 1000;
  const { sealer, fresh, newest } = await sealBacklog({ readings: 10, transactionsPerBlock: 1_000, nowUs });
  await untilNudgesAreInVain(sealer, { looks: vi.spyOn(fresh, 'takeFrom').mock.calls, newest });
  expect((await newest()).index).toBe(0);
});

it('asks the database as often as it would without readings while another receiver seals', async () => {
  const nowUs = () => Date.now() * 1000;
  const { sealer, publisher, newest } = await sealBacklog({
    readings: 10,
    transactionsPerBlock: 2,
    nowUs,
    isTaken: true,
  });
  await untilNudgesAreInVain(sealer, { looks: vi.spyOn(publisher, 'publish').mock.calls, newest });
  expect((await newest()).index).toBe(0);
});
