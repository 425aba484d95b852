// How soon a reading is acknowledged, by how much is asked of the receiver: single envelopes that arrive at fixed times, not one after the
// answer to another, against the two things that nobody can do without: checking the signature, and a durable commit; and beside them a server
// that does little else.

import { setTimeout as pause } from 'node:timers/promises';
import { bareCommits, bareVerifySeconds } from './bare-limits.ts';
import { startBareServer } from './bare-server.ts';
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
const JUDGED_SHARE = 0.5;
const BARE_SERVER = 'a server of node:http that only verifies and inserts (bare-server-process.ts): ';

export const latency: Bench = async (log) => {
  const maker = new BodyMaker('ed25519');
  const ledger = await BenchLedger.start({ TRANSACTIONS_PER_BLOCK: '100' });
  try {
    const highest = await highestRate(ledger.url, maker);
    log(`highest rate: ${Math.round(highest)} readings/s`);
    const commits = await bareCommits(ledger.pool);
    const bareSeconds = bareVerifySeconds(maker.sample()) + commits.medianSeconds;
    log('one reading after the other');
    const aloneMs = median(await oneAfterTheOther(ledger.url, maker));
    const rows: BenchRow[] = [
      {
        what: 'median until acknowledged ÷ (bare verify + bare one-row commit), one reading after the answer to another',
        ratio: aloneMs / (bareSeconds * 1000),
        parts: {
          'median ms': aloneMs,
          'bare verify + bare commit ms': bareSeconds * 1000,
          'p99 of the bare commits ms': commits.p99Seconds * 1000,
        },
      },
    ];
    for (const share of SHARES) {
      const load = { share, bareSeconds, perSecond: share * highest };
      log(`${100 * share} % of it for ${LOAD_SECONDS} s`);
      const measured = await arriveAtFixedTimes(ledger.url, { maker, perSecond: load.perSecond });
      rows.push(...rowsOf(measured, { ...load, who: '', isJudged: share === JUDGED_SHARE }));
    }
    log(`a server that does little else, ${100 * JUDGED_SHARE} % of the same rate`);
    const load = { share: JUDGED_SHARE, bareSeconds, perSecond: JUDGED_SHARE * highest };
    rows.push(
      ...rowsOf(await bareServerUnder(ledger, maker, load.perSecond), { ...load, who: BARE_SERVER, isJudged: false }),
    );
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

async function highestRate(url: string, maker: BodyMaker): Promise<number> {
  const http = new HttpLoad(url, RATE_CONNECTIONS);
  await http.sendAll(maker.make({ readings: WARM_UP_READINGS, readingsPerBody: 1 }));
  const bodies = maker.make({ readings: RATE_READINGS, readingsPerBody: 1 });
  const startedAt = performance.now();
  await http.sendAll(bodies);
  const perSecond = (RATE_READINGS / (performance.now() - startedAt)) * 1000;
  http.close();
  return perSecond;
}

async function oneAfterTheOther(url: string, maker: BodyMaker): Promise<number[]> {
  const http = new HttpLoad(url, 1);
  const latenciesMs: number[] = [];
  for (const body of maker.make({ readings: ALONE_READINGS, readingsPerBody: 1 })) {
    const sentAt = performance.now();
    await http.send(body);
    latenciesMs.push(performance.now() - sentAt);
  }
  http.close();
  return latenciesMs;
}

/** The same load for a server that does little else, once its code is compiled. */
async function bareServerUnder(ledger: BenchLedger, maker: BodyMaker, perSecond: number): Promise<Measured> {
  const server = await startBareServer(ledger.connection, maker.sample());
  try {
    await highestRate(server.url, maker);
    return await arriveAtFixedTimes(server.url, { maker, perSecond });
  } finally {
    await server.stop();
  }
}

async function arriveAtFixedTimes(url: string, load: { maker: BodyMaker; perSecond: number }): Promise<Measured> {
  const leadIn = Math.ceil(load.perSecond * LEAD_IN_SECONDS);
  const readings = leadIn + Math.ceil(load.perSecond * LOAD_SECONDS);
  const bodies = load.maker.make({ readings, readingsPerBody: 1 });
  const http = new HttpLoad(url, LOAD_CONNECTIONS);
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
  load: { who: string; share: number; bareSeconds: number; perSecond: number; isJudged: boolean },
): BenchRow[] {
  const at = `at ${100 * load.share} % of the highest rate`;
  const medianMs = median(latenciesMs);
  const p99Ms = quantile(latenciesMs, 0.99);
  const { who, isJudged } = load;
  const parts = {
    'readings/s': load.perSecond,
    'median ms': medianMs,
    'p99 ms': p99Ms,
    'bare verify + bare commit ms': load.bareSeconds * 1000,
    'p99 of how late the bench sent ms': quantile(latenessMs, 0.99),
  };
  return [
    {
      what: `${who}median until acknowledged ÷ (bare verify + bare one-row commit), ${at}`,
      ratio: medianMs / (load.bareSeconds * 1000),
      ...(isJudged && { atMost: 3 }),
      parts,
    },
    {
      what: `${who}p99 ÷ median, ${at}`,
      ratio: p99Ms / medianMs,
      ...(isJudged && { atMost: 4 }),
      parts: { 'median ms': medianMs, 'p99 ms': p99Ms },
    },
  ];
}
