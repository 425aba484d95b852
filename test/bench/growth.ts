// Growth: what a reading costs, how long a start takes and what memory the receiver has with a million readings stored, against a ledger
// without them. Both ledgers stand side by side, both receivers were started as freshly and warmed up alike, and they take turns: what the
// machine does meanwhile, and how far V8 has compiled, is the same for both.

import { readFileSync } from 'node:fs';
import { bareVerifySeconds } from './bare-limits.ts';
import { BenchLedger } from './bench-ledger.ts';
import { HttpLoad } from './http-load.ts';
import { type Bench, median } from './row.ts';
import { BodyMaker } from './signed-bodies.ts';

const STORED = 1_000_000;
/** Signed, sent, forgotten: bounds the memory of the bench to about 10 MB of bodies. */
const PORTION = 20_000;
/** Sent to each ledger before anything is measured: V8 has compiled what matters by then (a guess, the bench of ingest has 4,000). */
const WARM_UP = 10_000;
/** Windows of this many readings, by turns. The small ledger has 10,000 readings before the first of them and 50,000 after the last. */
const WINDOW = 8_000;
const WINDOWS = 5;
/** Starts of each, by turns. */
const STARTS = 7;
const SAMPLE_MS = 100;
const LEDGER = { TRANSACTIONS_PER_BLOCK: '100', BLOCK_MAX_WAIT_MS: '100' };

export const growth: Bench = async (log) => {
  const large = await Side.start();
  const small = await Side.start();
  try {
    for (let stored = 0; stored < STORED; stored += PORTION) {
      if (stored % (10 * PORTION) === 0) log(`${stored} readings stored, ${large.memory.text()}`);
      await large.send(PORTION);
    }
    const filling = large.memory.peakMb();
    log(`starting each ${STARTS} times`);
    const startMs: { large: number[]; small: number[] } = { large: [], small: [] };
    for (let i = 0; i < STARTS; i++) {
      startMs.large.push(await large.restart());
      startMs.small.push(await small.restart());
    }
    log('sending to each by turns');
    for (const side of [large, small]) await side.send(WARM_UP);
    const cost: { large: number[]; small: number[] } = { large: [], small: [] };
    for (let i = 0; i < WINDOWS; i++) {
      cost.large.push(await large.send(WINDOW));
      cost.small.push(await small.send(WINDOW));
    }
    log('reading the whole chain, and validating it');
    const sending = large.memory.peakMb();
    await large.ask('/get_chain');
    const reading = large.memory.peakMb();
    await large.ask('/validate_chain');
    return [
      {
        what: `CPU per reading with ${STORED} readings stored ÷ with ${WARM_UP} to ${WARM_UP + WINDOWS * WINDOW}`,
        ratio: median(cost.large) / median(cost.small),
        atMost: 1.15,
        parts: {
          'µs large': median(cost.large) * 1e6,
          'µs small': median(cost.small) * 1e6,
          'bare verify µs': bareVerifySeconds(small.maker.sample()) * 1e6,
        },
      },
      {
        what: `start-up time with ${STORED} readings ÷ with none`,
        ratio: median(startMs.large) / median(startMs.small),
        atMost: 1.3,
        parts: { 'ms large': median(startMs.large), 'ms small': median(startMs.small) },
      },
      {
        what: 'resident memory of the receiver at all times, MB',
        ratio: large.memory.peakMb(),
        atMost: 250,
        parts: {
          'peak while filling': filling,
          'until the end of sending': sending,
          'with /get_chain': reading,
          'with /validate_chain': large.memory.peakMb(),
        },
      },
    ];
  } finally {
    await large.stop();
    await small.stop();
  }
};

/** One of the two ledgers, with who sends to it and who watches its receiver. */
class Side {
  readonly maker = new BodyMaker('ed25519');
  readonly memory: MemoryWatch;
  private readonly ledger: BenchLedger;
  private http: HttpLoad;
  private sent = 0;

  private constructor(ledger: BenchLedger) {
    this.ledger = ledger;
    this.http = new HttpLoad(ledger.url, 8);
    this.memory = new MemoryWatch(() => ledger.pid);
  }

  static async start(): Promise<Side> {
    return new Side(await BenchLedger.start(LEDGER));
  }

  /** Sends readings and waits until they are sealed; gives the CPU seconds of receiver and PostgreSQL for one. */
  async send(readings: number): Promise<number> {
    // Signed before the clock of the CPU is read, and in memory only until they are sent.
    const bodies = this.maker.make({ readings, readingsPerBody: 100 });
    const before = this.ledger.cpuSeconds();
    await this.http.sendAll(bodies);
    this.sent += readings;
    await this.ledger.untilSealed(this.sent);
    const after = this.ledger.cpuSeconds();
    return (after.receiver - before.receiver + after.postgres - before.postgres) / readings;
  }

  async restart(): Promise<number> {
    this.http.close();
    this.memory.look();
    const durationMs = await this.ledger.restart();
    this.http = new HttpLoad(this.ledger.url, 8);
    return durationMs;
  }

  /** Asks for a whole answer and keeps none of it. */
  async ask(path: string): Promise<void> {
    const response = await fetch(new URL(path, this.ledger.url));
    if (!response.ok || !response.body) throw new Error(`the receiver answered ${response.status}`);
    for await (const chunk of response.body) if (chunk.length === 0) throw new Error('an empty chunk');
    this.memory.look();
  }

  async stop(): Promise<void> {
    this.memory.stop();
    this.http.close();
    await this.ledger.stop();
  }
}

/** The largest resident memory that a process ever had: what the kernel noted (VmHWM, proc(5)), of every process that had the role. */
class MemoryWatch {
  private readonly pid: () => number;
  private readonly timer: NodeJS.Timeout;
  private peakBytes = 0;
  private lastBytes = 0;

  constructor(pid: () => number) {
    this.pid = pid;
    this.timer = setInterval(() => this.look(), SAMPLE_MS);
  }

  look(): void {
    let status: string;
    try {
      status = readFileSync(`/proc/${this.pid()}/status`, 'utf8');
    } catch {
      // Between two starts there is none; what it had was seen at the last look.
      return;
    }
    const bytes = (figure: string) => Number(new RegExp(`^${figure}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024;
    this.lastBytes = bytes('VmRSS');
    this.peakBytes = Math.max(this.peakBytes, bytes('VmHWM'));
  }

  peakMb(): number {
    this.look();
    return this.peakBytes / 1e6;
  }

  text(): string {
    this.look();
    return `resident ${Math.round(this.lastBytes / 1e6)} MB, peak ${Math.round(this.peakBytes / 1e6)} MB`;
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
