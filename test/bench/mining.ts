// Mining: nonces a second against what the machine's own SHA-256 does, and what mining does to the receiver that answers meanwhile.

import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { HEADER_BYTES, searchNonce } from '@telltale/ledger';
import { MiningCrew } from '../../services/receiver/src/seal/mining-crew.ts';
import { loadKernel, nonceSearch } from '../../services/receiver/src/seal/wasm/nonce-search.ts';
import { BenchLedger } from './bench-ledger.ts';
import { HttpLoad } from './http-load.ts';
import { type Bench, type BenchRow, median } from './row.ts';
import { BodyMaker } from './signed-bodies.ts';

/** `openssl speed` measures with the same: long enough that nothing but compressions counts. */
const BUFFER_BYTES = 16_384;
const COMPRESSION_BYTES = 64;
/** Short bursts in turn, many of them: what else the machine does then hits all sides alike. */
const BURST_MS = 25;
const BURSTS = 41;
/** For V8 to have its best code of the kernel. */
const WARM_UP_MS = 1_000;
/** A difficulty that no nonce meets. */
const ENDLESS_BITS = 255;
const CREW_MS = 3_000;
const LOOP_MS = 15_000;

export const mining: Bench = async (log) => {
  log('one core');
  const core = measureCore();
  log('all cores');
  const crewPerSecond = await measureCrew(core.nonces);
  log('the event loop of a receiver, idle and mining');
  return [...coreRows(core), crewRow(core, crewPerSecond), await loopRow(log)];
};

interface Core {
  /** Each a second, medians. */
  readonly nonces: number;
  readonly compressions: number;
  readonly hashes: number;
  readonly plain: number;
  readonly ratio: number;
  readonly hashRatio: number;
  readonly plainRatio: number;
}

function measureCore(): Core {
  const bursts = { nonces: kernelBurst(), compressions: compressionBurst(), hashes: hashBurst(), plain: plainBurst() };
  for (const burst of Object.values(bursts)) perSecond(burst, WARM_UP_MS);
  const all = Array.from({ length: BURSTS }, () => ({
    nonces: perSecond(bursts.nonces, BURST_MS),
    compressions: perSecond(bursts.compressions, BURST_MS),
    hashes: perSecond(bursts.hashes, BURST_MS),
    plain: perSecond(bursts.plain, BURST_MS),
  }));
  return {
    nonces: median(all.map(({ nonces }) => nonces)),
    compressions: median(all.map(({ compressions }) => compressions)),
    hashes: median(all.map(({ hashes }) => hashes)),
    plain: median(all.map(({ plain }) => plain)),
    ratio: median(all.map(({ nonces, compressions }) => nonces / compressions)),
    hashRatio: median(all.map(({ nonces, hashes }) => nonces / hashes)),
    plainRatio: median(all.map(({ nonces, plain }) => nonces / plain)),
  };
}

function coreRows({ nonces, compressions, hashes, plain, ratio, hashRatio, plainRatio }: Core): BenchRow[] {
  return [
    {
      what: 'nonces/s a core ÷ SHA-256 compressions/s a core of OpenSSL on 16 KiB',
      ratio,
      atLeast: 0.55,
      parts: { 'nonces/s a core': nonces, 'compressions/s a core': compressions },
    },
    {
      what: 'nonces/s a core ÷ those of a node:crypto loop (createHash)',
      ratio: hashRatio,
      atLeast: 12,
      parts: { 'nonces/s a core': nonces, 'node:crypto nonces/s a core': hashes },
    },
    {
      what: 'nonces/s a core ÷ those of the plain search, which hashes without a buffer for each digest',
      ratio: plainRatio,
      parts: { 'nonces/s a core': nonces, 'plain nonces/s a core': plain },
    },
  ];
}

function crewRow({ nonces }: Core, crewPerSecond: number): BenchRow {
  const cores = availableParallelism();
  return {
    what: 'nonces/s of all cores ÷ (cores × nonces/s a core)',
    ratio: crewPerSecond / (cores * nonces),
    parts: { 'nonces/s': crewPerSecond, cores },
  };
}

/** Does a piece of work and gives how much it was. */
type Burst = () => number;

function perSecond(burst: Burst, durationMs: number): number {
  const startedAt = performance.now();
  let done = 0;
  let now = startedAt;
  for (; now < startedAt + durationMs; now = performance.now()) done += burst();
  return (1000 * done) / (now - startedAt);
}

function kernelBurst(): Burst {
  const { search, sliceNonces } = nonceSearch(loadKernel());
  const header = Uint8Array.from(randomBytes(HEADER_BYTES));
  let firstNonce = 0;
  return () => {
    search(header, { firstNonce, endNonce: firstNonce + sliceNonces, difficultyBits: ENDLESS_BITS });
    firstNonce = (firstNonce + sliceNonces) % 2 ** 31;
    return sliceNonces;
  };
}

function compressionBurst(): Burst {
  const hash = createHash('sha256');
  const buffer = randomBytes(BUFFER_BYTES);
  return () => {
    hash.update(buffer);
    return BUFFER_BYTES / COMPRESSION_BYTES;
  };
}

/** One hash a nonce, as node:crypto is used most often. */
function hashBurst(): Burst {
  const header = randomBytes(HEADER_BYTES);
  const nonces = 1_000;
  let found = 0;
  return () => {
    for (let nonce = 0; nonce < nonces; nonce++) {
      header.writeUInt32BE(nonce, HEADER_BYTES - 4);
      found += createHash('sha256').update(header).digest().readUInt32BE(0) === 0 ? 1 : 0;
    }
    return nonces + found;
  };
}

/** The ledger's plain search, which the miner falls back to. */
function plainBurst(): Burst {
  const header = Uint8Array.from(randomBytes(HEADER_BYTES));
  const endNonce = 1_000;
  return () => {
    searchNonce(header, { firstNonce: 0, endNonce, difficultyBits: ENDLESS_BITS });
    return endNonce;
  };
}

/** Nonces a second of a crew on all cores. It tries each header's nonces in order, so the nonce that it found says how many it tried. */
async function measureCrew(noncesPerCore: number): Promise<number> {
  const threads = availableParallelism();
  const crew = new MiningCrew({ threads, niceness: 0 }, loadKernel());
  const run = {
    parent: { index: 0, hash: new Uint8Array(randomBytes(32)), timestampUs: 0 },
    lane: new Uint8Array(12),
    // About a quarter of a second a block: what the threads spend on meeting hardly counts then.
    difficultyBits: Math.floor(Math.log2((noncesPerCore * threads) / 4)),
    nonceLimit: 2 ** 32,
    blocks: Array.from({ length: 10_000 }, (_, i) => ({
      logRoot: new Uint8Array(32),
      logSize: i + 1,
      lastReceivedAtUs: 0,
    })),
  };
  const never = new AbortController().signal;
  try {
    await crew.mine({ ...run, budgetMs: CREW_MS / 3 }, never);
    const startedAt = performance.now();
    const headers = await crew.mine({ ...run, budgetMs: CREW_MS }, never);
    const seconds = (performance.now() - startedAt) / 1000;
    return headers.reduce((sum, header) => sum + Buffer.from(header).readUInt32BE(HEADER_BYTES - 4) + 1, 0) / seconds;
  } finally {
    await crew.stop();
  }
}

/** The 99th percentile of the event loop's delay of one receiver, before it mines and while it mines on all cores what cannot be mined. */
async function loopRow(log: (text: string) => void): Promise<BenchRow> {
  const folder = mkdtempSync(join(tmpdir(), 'telltale-bench-loop-'));
  const file = join(folder, 'delay.json');
  const probe = new URL('./loop-delay.ts', import.meta.url).href;
  const ledger = await BenchLedger.start({
    DIFFICULTY: '16',
    LOOP_DELAY_FILE: file,
    NODE_OPTIONS: `--import ${probe}`,
  });
  try {
    await delaySince(ledger.pid, file);
    await pause(LOOP_MS);
    const idle = await delaySince(ledger.pid, file);
    const [body] = new BodyMaker('ed25519').make({ readings: 2, readingsPerBody: 2 });
    if (!body) throw new Error('there is no body');
    await new HttpLoad(ledger.url, 1).send(body);
    await untilAllCoresMine(ledger);
    await delaySince(ledger.pid, file);
    await pause(LOOP_MS);
    const busy = await delaySince(ledger.pid, file);
    log(`idle ${JSON.stringify(idle)}, mining ${JSON.stringify(busy)}`);
    return {
      what: 'event loop delay of a receiver, 99th percentile: mining on all cores ÷ idle',
      ratio: busy.p99Ms / idle.p99Ms,
      atMost: 3,
      parts: { 'mining ms': busy.p99Ms, 'idle ms': idle.p99Ms, 'mining max ms': busy.maxMs, 'idle max ms': idle.maxMs },
    };
  } finally {
    await ledger.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface LoopDelay {
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Asks the receiver's probe (loop-delay.ts) for the time since it was asked before. */
async function delaySince(pid: number, file: string): Promise<LoopDelay> {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGWINCH');
  while (!existsSync(file)) await pause(10);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Mining has begun once the receiver's process uses most of the machine for a second. */
async function untilAllCoresMine(ledger: BenchLedger): Promise<void> {
  for (;;) {
    const before = ledger.cpuSeconds().receiver;
    await pause(1_000);
    if (ledger.cpuSeconds().receiver - before > 0.7 * availableParallelism()) return;
  }
}
