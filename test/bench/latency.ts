// How soon a reading is acknowledged, by how much is asked of the receiver: single envelopes that arrive at fixed times, not one after the
// answer to another, against the two things that nobody can do without: checking the signature, and a durable commit. At the load that is
// judged a server that does little else takes its turns with the receiver, so that both meet the machine as it is just then.

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
const REPORTED_SHARES = [0.1, 0.9] as const;
const JUDGED_SHARE = 0.5;
/** Turns of the two servers at the judged load. Odd: the median round counts, as one in which the machine is slow says little of either. */
const ROUNDS = 5;
const BARE_SERVER = 'a server of node:http that only verifies and inserts (bare-server-process.ts): ';

export const latency: Bench = async (log) => {
  const maker = new BodyMaker('ed25519');
  const ledger = await BenchLedger.start({ TRANSACTIONS_PER_BLOCK: '100' });
  try {
    const highest = await highestRate(ledger.url, maker);
    log(`highest rate: ${Math.round(highest)} readings/s`);
    log('one reading after the other');
    const rows = [aloneRow(await bareLimits(ledger, maker), await oneAfterTheOther(ledger.url, maker))];
    for (const share of REPORTED_SHARES) {
      const perSecond = share * highest;
      log(`${100 * share} % of it for ${LOAD_SECONDS} s`);
      const bare = await bareLimits(ledger, maker);
      rows.push(
        ...rowsOf([{ bare, ...(await arriveAtFixedTimes(ledger.url, { maker, perSecond })) }], { share, perSecond }),
      );
    }
    const perSecond = JUDGED_SHARE * highest;
    const { receiver, bareServer } = await takeTurns(ledger, { maker, perSecond, log });
    rows.push(...rowsOf(receiver, { share: JUDGED_SHARE, perSecond, isJudged: true }));
    rows.push(...rowsOf(bareServer, { share: JUDGED_SHARE, perSecond, who: BARE_SERVER }));
    return rows;
  } finally {
    await ledger.stop();
  }
};

/** What nobody can do without, as the machine does it just now. */
interface BareLimits {
  /** One bare verify and one bare one-row commit. */
  readonly bothMs: number;
  readonly commitMedianMs: number;
  readonly commitP99Ms: number;
}

interface Round extends Measured {
  readonly bare: BareLimits;
}

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

async function bareLimits(ledger: BenchLedger, maker: BodyMaker): Promise<BareLimits> {
  const commits = await bareCommits(ledger.pool);
  const commitMedianMs = commits.medianSeconds * 1000;
  const bothMs = bareVerifySeconds(maker.sample()) * 1000 + commitMedianMs;
  return { bothMs, commitMedianMs, commitP99Ms: commits.p99Seconds * 1000 };
}

/** The same load for the receiver and for a server that does little else, once its code is compiled too; who begins changes with each round. */
async function takeTurns(
  ledger: BenchLedger,
  load: { maker: BodyMaker; perSecond: number; log: (text: string) => void },
): Promise<{ receiver: Round[]; bareServer: Round[] }> {
  const server = await startBareServer(ledger.connection, load.maker.sample());
  try {
    await highestRate(server.url, load.maker);
    const receiver = { url: ledger.url, rounds: [] as Round[] };
    const bareServer = { url: server.url, rounds: [] as Round[] };
    for (let round = 1; round <= ROUNDS; round++) {
      load.log(`${100 * JUDGED_SHARE} % of it for ${LOAD_SECONDS} s, twice: round ${round} of ${ROUNDS}`);
      const bare = await bareLimits(ledger, load.maker);
      for (const { url, rounds } of round % 2 === 1 ? [receiver, bareServer] : [bareServer, receiver])
        rounds.push({ bare, ...(await arriveAtFixedTimes(url, load)) });
    }
    return { receiver: receiver.rounds, bareServer: bareServer.rounds };
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

function aloneRow(bare: BareLimits, latenciesMs: readonly number[]): BenchRow {
  const medianMs = median(latenciesMs);
  return {
    what: 'median until acknowledged ÷ (bare verify + bare one-row commit), one reading after the answer to another',
    ratio: medianMs / bare.bothMs,
    parts: {
      'median ms': medianMs,
      'bare verify + bare commit ms': bare.bothMs,
    },
  };
}

/** Of each figure the median round; and of the two ratios the range, where there are more rounds than one. */
function rowsOf(
  rounds: readonly Round[],
  load: { who?: string; share: number; perSecond: number; isJudged?: boolean },
): BenchRow[] {
  const { who = '', isJudged = false } = load;
  const at = `at ${100 * load.share} % of the highest rate`;
  const of = (figure: (round: Round) => number) => median(rounds.map(figure));
  const medianMs = ({ latenciesMs }: Round) => median(latenciesMs);
  const p99Ms = ({ latenciesMs }: Round) => quantile(latenciesMs, 0.99);
  const toBare = (round: Round) => medianMs(round) / round.bare.bothMs;
  const toMedian = (round: Round) => p99Ms(round) / medianMs(round);
  return [
    {
      what: `${who}median until acknowledged ÷ (bare verify + bare one-row commit), ${at}`,
      ratio: of(toBare),
      ...(isJudged && { atMost: 3 }),
      parts: {
        ...rangeOf(rounds.map(toBare)),
        'readings/s': load.perSecond,
        'median ms': of(medianMs),
        'bare verify + bare commit ms': of(({ bare }) => bare.bothMs),
        'p99 of how late the bench sent ms': of(({ latenessMs }) => quantile(latenessMs, 0.99)),
      },
    },
    {
      what: `${who}p99 ÷ median, ${at}`,
      ratio: of(toMedian),
      ...(isJudged && { atMost: 4 }),
      parts: {
        ...rangeOf(rounds.map(toMedian)),
        'median ms': of(medianMs),
        'p99 ms': of(p99Ms),
        'p99 ÷ median of the bare commits alone': of(({ bare }) => bare.commitP99Ms / bare.commitMedianMs),
      },
    },
  ];
}

function rangeOf(ratios: readonly number[]): Record<string, number> {
  if (ratios.length === 1) return {};
  return { [`least of ${ratios.length} rounds`]: Math.min(...ratios), 'most of them': Math.max(...ratios) };
}
