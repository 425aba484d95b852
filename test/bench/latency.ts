// How soon a reading is acknowledged, by how much is asked of the receiver: single envelopes that arrive at fixed times, not one after the
// answer to another, against the two things that nobody can do without: checking the signature, and a durable commit.

import { setTimeout as pause } from 'node:timers/promises';
import { bareCommitSeconds, bareVerifySeconds } from './bare-limits.ts';
import { BenchLedger } from './bench-ledger.ts';
import { HttpLoad } from './http-load.ts';
import { type Bench, type BenchRow, median, quantile } from './row.ts';
import { BodyMaker } from './signed-bodies.ts';

/** As ingest-run.ts has it: until most of the receiver's code is compiled. */
const WARM_UP_READINGS = 40_000;
/** Readings that find the highest rate, from 64 connections that each wait for their answer. */
const RATE_READINGS = 10_000;
const RATE_CONNECTIONS = 64;
/** How long each load lasts, and before that goes on uncounted, while its connections are opened; and how many of those it may use: more than ever wait. */
const LOAD_SECONDS = 8;
const LEAD_IN_SECONDS = 1;
const LOAD_CONNECTIONS = 512;
/** Readings sent one after the answer to another: what is left when nothing waits for anything. */
const ALONE_READINGS = 4_000;
const SHARES = [0.1, 0.5, 0.9] as const;

export const latency: Bench = async (log) => {
  const maker = new BodyMaker('ed25519');
  const ledger = await BenchLedger.start({ TRANSACTIONS_PER_BLOCK: '100' });
  try {
    const highest = await highestRate(ledger, maker);
    log(`highest rate: ${Math.round(highest)} readings/s`);
    const bareSeconds = bareVerifySeconds(maker.sample()) + (await bareCommitSeconds(ledger.pool));
    log('one reading after the other');
    const aloneMs = median(await oneAfterTheOther(ledger, maker));
    const rows: BenchRow[] = [
      {
        what: 'median until acknowledged ÷ (bare verify + bare one-row commit), one reading after the answer to another',
        ratio: aloneMs / (bareSeconds * 1000),
        parts: { 'median ms': aloneMs, 'bare verify + bare commit ms': bareSeconds * 1000 },
      },
    ];
    for (const share of SHARES) {
      log(`${100 * share} % of it for ${LOAD_SECONDS} s`);
      const measured = await arriveAtFixedTimes(ledger, { maker, perSecond: share * highest });
      rows.push(...rowsOf(measured, { share, bareSeconds, perSecond: share * highest }));
    }
    return rows;
  } finally {
    await ledger.stop();
  }
};

interface Measured {
  /** From sending to the whole answer, in milliseconds. */
  readonly latenciesMs: readonly number[];
  /** How long after its time each was sent: the bench's own lateness. */
  readonly latenessMs: readonly number[];
}

async function highestRate(ledger: BenchLedger, maker: BodyMaker): Promise<number> {
  const http = new HttpLoad(ledger.url, RATE_CONNECTIONS);
  await http.sendAll(maker.make({ readings: WARM_UP_READINGS, readingsPerBody: 1 }));
  const bodies = maker.make({ readings: RATE_READINGS, readingsPerBody: 1 });
  const startedAt = performance.now();
  await http.sendAll(bodies);
  const perSecond = (RATE_READINGS / (performance.now() - startedAt)) * 1000;
  http.close();
  return perSecond;
}

async function oneAfterTheOther(ledger: BenchLedger, maker: BodyMaker): Promise<number[]> {
  const http = new HttpLoad(ledger.url, 1);
  const latenciesMs: number[] = [];
  for (const body of maker.make({ readings: ALONE_READINGS, readingsPerBody: 1 })) {
    const sentAt = performance.now();
    await http.send(body);
    latenciesMs.push(performance.now() - sentAt);
  }
  http.close();
  return latenciesMs;
}

async function arriveAtFixedTimes(
  ledger: BenchLedger,
  load: { maker: BodyMaker; perSecond: number },
): Promise<Measured> {
  const leadIn = Math.ceil(load.perSecond * LEAD_IN_SECONDS);
  const readings = leadIn + Math.ceil(load.perSecond * LOAD_SECONDS);
  const bodies = load.maker.make({ readings, readingsPerBody: 1 });
  const http = new HttpLoad(ledger.url, LOAD_CONNECTIONS);
  const latenciesMs: number[] = [];
  const latenessMs: number[] = [];
  const answers: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let sent = 0; sent < bodies.length; await pause(1)) {
    const dueBodies = ((performance.now() - startedAt) / 1000) * load.perSecond;
    for (; sent < dueBodies; sent++) {
      const body = bodies[sent];
      if (!body) break;
      const sentAt = performance.now();
      const answered = http.send(body);
      if (sent < leadIn) {
        answers.push(answered);
        continue;
      }
      latenessMs.push(sentAt - startedAt - (sent / load.perSecond) * 1000);
      answers.push(answered.then(() => void latenciesMs.push(performance.now() - sentAt)));
    }
  }
  await Promise.all(answers);
  http.close();
  return { latenciesMs, latenessMs };
}

function rowsOf(
  { latenciesMs, latenessMs }: Measured,
  load: { share: number; bareSeconds: number; perSecond: number },
): BenchRow[] {
  const at = `at ${100 * load.share} % of the highest rate`;
  const medianMs = median(latenciesMs);
  const p99Ms = quantile(latenciesMs, 0.99);
  const isJudged = load.share === 0.5;
  const parts = {
    'readings/s': load.perSecond,
    'median ms': medianMs,
    'p99 ms': p99Ms,
    'bare verify + bare commit ms': load.bareSeconds * 1000,
    'p99 of how late the bench sent ms': quantile(latenessMs, 0.99),
  };
  return [
    {
      what: `median until acknowledged ÷ (bare verify + bare one-row commit), ${at}`,
      ratio: medianMs / (load.bareSeconds * 1000),
      ...(isJudged && { atMost: 3 }),
      parts,
    },
    {
      what: `p99 ÷ median, ${at}`,
      ratio: p99Ms / medianMs,
      ...(isJudged && { atMost: 4 }),
      parts: { 'median ms': medianMs, 'p99 ms': p99Ms },
    },
  ];
}
