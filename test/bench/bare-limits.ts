// What the machine itself does, measured in the same run: bare signature verifications and bare commits.

import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Pool } from 'pg';
import { median, quantile } from './row.ts';

/** How long one burst of a measurement lasts: long enough for the resolution of the CPU clock, short enough to interleave. */
const BURST_MS = 300;
const BURSTS = 5;
/** So that a hundredth of them is ten. */
const BARE_COMMITS = 1_000;

export interface SignedSample {
  readonly pem: string;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** CPU seconds of one bare `crypto.verify`, the median of some bursts. */
export function bareVerifySeconds(sample: SignedSample): number {
  const key = createPublicKey(sample.pem);
  const bursts = Array.from({ length: BURSTS }, () => {
    const startedAt = process.cpuUsage();
    const endAt = performance.now() + BURST_MS;
    let verified = 0;
    while (performance.now() < endAt) {
      for (let i = 0; i < 100; i++) if (!isValid(key, sample)) throw new Error('the sample is not signed');
      verified += 100;
    }
    const { user, system } = process.cpuUsage(startedAt);
    return (user + system) / 1e6 / verified;
  });
  return median(bursts);
}

/** Bare verifications by one thread, or by all. */
export interface BareVerifies {
  readonly perSecond: number;
  /** CPU seconds of one. */
  readonly cpuSeconds: number;
}

/**
 * Bare `crypto.verify`s with all cores busy: a thread each, synchronous, for `durationMs`. The threads start before the clock does. Two cores
 * that are one to the hardware, or share its heat, make each other slower, so one costs more CPU seconds here than alone.
 */
export async function bareVerifiesOnAllCores(sample: SignedSample, durationMs = 1500): Promise<BareVerifies> {
  const entry = new URL('./bare-verify-worker.ts', import.meta.url);
  const workers = Array.from({ length: availableParallelism() }, () => new Worker(entry, { workerData: sample }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  for (const worker of workers) worker.postMessage(durationMs);
  const answers: BareVerifies[][] = await Promise.all(workers.map((worker) => once(worker, 'message')));
  await Promise.all(workers.map((worker) => worker.terminate()));
  const each = answers.flat();
  return {
    perSecond: each.reduce((sum, { perSecond }) => sum + perSecond, 0),
    cpuSeconds: median(each.map(({ cpuSeconds }) => cpuSeconds)),
  };
}

/** Verifies for so long on the calling thread. */
export function verifyForAWhile(sample: SignedSample, durationMs: number): BareVerifies {
  const key = createPublicKey(sample.pem);
  const startedAt = performance.now();
  const cpuStart = process.threadCpuUsage();
  let verified = 0;
  while (performance.now() - startedAt < durationMs) {
    for (let i = 0; i < 50; i++) if (!isValid(key, sample)) throw new Error('the sample is not signed');
    verified += 50;
  }
  const { user, system } = process.threadCpuUsage(cpuStart);
  return {
    perSecond: (verified / (performance.now() - startedAt)) * 1000,
    cpuSeconds: (user + system) / 1e6 / verified,
  };
}

/** Durable transactions that insert one row each, one after the other and with nothing else to do. */
export async function bareCommits(pool: Pool): Promise<{ medianSeconds: number; p99Seconds: number }> {
  const client = await pool.connect();
  try {
    await client.query('CREATE TABLE IF NOT EXISTS bench_commit (id bigint GENERATED ALWAYS AS IDENTITY, bytes bytea)');
    const bytes = Buffer.alloc(200);
    const seconds: number[] = [];
    for (let i = 0; i < BARE_COMMITS; i++) {
      const startedAt = performance.now();
      await client.query({
        name: 'bench-commit',
        text: 'INSERT INTO bench_commit (bytes) VALUES ($1)',
        values: [bytes],
      });
      seconds.push((performance.now() - startedAt) / 1000);
    }
    return { medianSeconds: median(seconds), p99Seconds: quantile(seconds, 0.99) };
  } finally {
    client.release();
  }
}

function isValid(key: KeyObject, { message, signature }: SignedSample): boolean {
  switch (key.asymmetricKeyType) {
    case 'ed25519':
      return verify(null, message, key, signature);
    case 'rsa':
      return verify(
        'sha256',
        message,
        { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
        signature,
      );
    default:
      return verify('sha256', message, { key, dsaEncoding: 'der' }, signature);
  }
}
