// Verification of a whole chain: readings a second of `telltale verify` and of /validate_chain, against the bare verifications a second that
// the machine reaches with all cores busy. Both take turns with the bare rate, so that what else the machine does meets all of them.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { bareVerifiesOnAllCores, type SignedSample } from './bare-limits.ts';
import { BenchLedger } from './bench-ledger.ts';
import { HttpLoad } from './http-load.ts';
import { treeCpuSeconds } from './process-cpu.ts';
import { type Bench, type BenchRow, median } from './row.ts';
import { BodyMaker } from './signed-bodies.ts';

const READINGS = 100_000;
/** Leaves of first use, one a device, that the first readings bring with them. */
const FIRST_USES = 50;
/** Signed, sent, forgotten: bounds the memory of the bench. */
const PORTION = 10_000;
const ROUNDS = 5;
const CLI = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));

export const verification: Bench = async (log) => {
  const maker = new BodyMaker('ed25519');
  const ledger = await BenchLedger.start({ TRANSACTIONS_PER_BLOCK: '100', BLOCK_MAX_WAIT_MS: '100' });
  const folder = await mkdtemp(join(tmpdir(), 'telltale-bench-'));
  try {
    log(`sealing ${READINGS} readings in blocks of 100`);
    await fill(ledger, maker);
    const file = join(folder, 'export.jsonl');
    await saveExport(ledger.url, file);
    const sample = maker.sample();
    const verified: Measured[] = [];
    const validated: (Measured & { postgresSeconds: number })[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      log(`round ${round} of ${ROUNDS}`);
      verified.push(await besideBare(sample, () => verifyFile(file)));
      validated.push(await besideBare(sample, () => validate(ledger)));
    }
    return [
      rowOf(
        'telltale verify of 100,000 readings in blocks of 100: readings/s ÷ bare verifications/s on all cores',
        verified,
      ),
      rowOf('/validate_chain of the same ledger: readings/s ÷ bare verifications/s on all cores', validated, {
        'PostgreSQL CPU µs a reading': median(validated.map((run) => run.postgresSeconds / READINGS)) * 1e6,
      }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
    await ledger.stop();
  }
};

interface Run {
  readonly seconds: number;
  /** Of the verifying process. */
  readonly cpuSeconds: number;
}

type Measured = Run & { readonly barePerSecond: number };

async function fill(ledger: BenchLedger, maker: BodyMaker): Promise<void> {
  const http = new HttpLoad(ledger.url, 8);
  for (let sent = 0; sent < READINGS; sent += PORTION) {
    await http.sendAll(maker.make({ readings: PORTION, readingsPerBody: 100 }));
  }
  http.close();
  await ledger.untilSealed(READINGS + FIRST_USES);
}

async function saveExport(url: string, file: string): Promise<void> {
  const { body } = await fetch(`${url}/v1/export`);
  if (!body) throw new Error('the export is empty');
  await pipeline(Readable.from(body), createWriteStream(file));
}

/** A run between two measurements of the bare rate. */
async function besideBare<T extends Run>(sample: SignedSample, run: () => Promise<T>): Promise<T & Measured> {
  const before = (await bareVerifiesOnAllCores(sample)).perSecond;
  const measured = await run();
  const after = (await bareVerifiesOnAllCores(sample)).perSecond;
  return { ...measured, barePerSecond: (before + after) / 2 };
}

/** A process of its own, its start included. */
async function verifyFile(file: string): Promise<Run> {
  const cpuBefore = treeCpuSeconds(process.pid);
  const startedAt = performance.now();
  const child = spawn(process.execPath, [CLI, 'verify', file, '--json'], { stdio: ['ignore', 'ignore', 'inherit'] });
  const exit: number[] = await once(child, 'exit');
  if (exit[0] !== 0) throw new Error(`telltale verify ended with ${exit[0]}`);
  const seconds = (performance.now() - startedAt) / 1000;
  return { seconds, cpuSeconds: treeCpuSeconds(process.pid) - cpuBefore };
}

async function validate(ledger: BenchLedger): Promise<Run & { postgresSeconds: number }> {
  const before = ledger.cpuSeconds();
  const startedAt = performance.now();
  const response = await fetch(`${ledger.url}/validate_chain`);
  const text = await response.text();
  if (!text.includes('"valid":true')) throw new Error(`the chain is not valid: ${text}`);
  const seconds = (performance.now() - startedAt) / 1000;
  const after = ledger.cpuSeconds();
  return {
    seconds,
    cpuSeconds: after.receiver - before.receiver,
    postgresSeconds: after.postgres - before.postgres,
  };
}

function rowOf(what: string, runs: readonly Measured[], parts: BenchRow['parts'] = {}): BenchRow {
  return {
    what,
    ratio: median(runs.map(({ seconds, barePerSecond }) => READINGS / seconds / barePerSecond)),
    atLeast: 0.85,
    parts: {
      'readings/s': median(runs.map(({ seconds }) => READINGS / seconds)),
      'bare/s': median(runs.map(({ barePerSecond }) => barePerSecond)),
      'CPU µs a reading': median(runs.map(({ cpuSeconds }) => cpuSeconds / READINGS)) * 1e6,
      ...parts,
    },
  };
}
