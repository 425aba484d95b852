// GET /get_chain: that a long chain begins to come as soon as a short one, and how fast it comes, against what reading the same rows at once
// and writing them with JSON.stringify reaches. Two ledgers take turns, so that what else the machine does meets both.

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { Pool } from 'pg';
import { BenchLedger } from './bench-ledger.ts';
import { HttpLoad } from './http-load.ts';
import { type Bench, median } from './row.ts';
import { BodyMaker } from './signed-bodies.ts';

const SHORT_BLOCKS = 100;
const LONG_BLOCKS = 100_000;
/** Leaves of first use, one a device, that the first readings bring with them: blocks as well, with one leaf in each. */
const FIRST_USES = 50;
/** Signed, sent, forgotten: bounds the memory of the bench. */
const PORTION = 10_000;
/** Requests for the first byte alone; a few milliseconds each. */
const FIRST_BYTES = 41;
/** Whole chains, and as many times the plain way. */
const WHOLE_CHAINS = 5;

export const getChain: Bench = async (log) => {
  const short = await startWithBlocks(SHORT_BLOCKS);
  try {
    log(`sealing ${LONG_BLOCKS} blocks of one leaf`);
    const long = await startWithBlocks(LONG_BLOCKS);
    try {
      // Both once as a whole, not measured: code is compiled and pages are in memory, for PostgreSQL too.
      for (const ledger of [short, long]) await readWhole(ledger.url);
      const firstMs: { short: number[]; long: number[] } = { short: [], long: [] };
      for (let i = 0; i < FIRST_BYTES; i++) {
        firstMs.short.push(await firstByteMs(short.url));
        firstMs.long.push(await firstByteMs(long.url));
      }
      log('reading the whole chain');
      const streamed: number[] = [];
      const plain: PlainRead[] = [];
      const residentMb: number[] = [];
      let chainBytes = 0;
      for (let i = 0; i < WHOLE_CHAINS; i++) {
        const { bytes, seconds } = await readWhole(long.url);
        chainBytes = bytes;
        streamed.push(bytes / 1e6 / seconds);
        residentMb.push(long.residentBytes() / 1e6);
        plain.push(await readPlainly(long.pool));
      }
      const plainMbPerSecond = median(plain.map(({ bytes, seconds }) => bytes / 1e6 / seconds));
      return [
        {
          what: `time to the first byte with ${LONG_BLOCKS} blocks ÷ with ${SHORT_BLOCKS}`,
          ratio: median(firstMs.long) / median(firstMs.short),
          atMost: 2,
          parts: { 'ms long': median(firstMs.long), 'ms short': median(firstMs.short) },
        },
        {
          what: 'MB/s of the whole chain over HTTP ÷ of one query and JSON.stringify in one process',
          ratio: median(streamed) / plainMbPerSecond,
          atLeast: 0.5,
          parts: {
            'MB/s': median(streamed),
            'plain MB/s': plainMbPerSecond,
            'plain MB/s without the query': median(
              plain.map(({ bytes, stringifySeconds }) => bytes / 1e6 / stringifySeconds),
            ),
            'chain MB': chainBytes / 1e6,
            'plain MB': (plain[0]?.bytes ?? 0) / 1e6,
            'resident MB': Math.max(...residentMb),
          },
        },
      ];
    } finally {
      await long.stop();
    }
  } finally {
    await short.stop();
  }
};

/** A ledger with so many blocks of one leaf each beside the genesis block. */
async function startWithBlocks(blocks: number): Promise<BenchLedger> {
  const ledger = await BenchLedger.start({ TRANSACTIONS_PER_BLOCK: '1', DIFFICULTY: '1' });
  const http = new HttpLoad(ledger.url, 8);
  const maker = new BodyMaker('ed25519');
  const readings = blocks - FIRST_USES;
  for (let sent = 0; sent < readings; sent += PORTION) {
    const portion = Math.min(PORTION, readings - sent);
    await http.sendAll(maker.make({ readings: portion, readingsPerBody: Math.min(100, portion) }));
  }
  http.close();
  await ledger.untilSealed(blocks);
  return ledger;
}

async function ask(url: string): Promise<IncomingMessage> {
  const response: IncomingMessage[] = await once(get(new URL('/get_chain', url)), 'response');
  const [message] = response;
  if (message?.statusCode !== 200) throw new Error(`the receiver answered ${message?.statusCode}`);
  return message;
}

/** Until the first byte of the chain itself. The rest is not taken. */
async function firstByteMs(url: string): Promise<number> {
  const startedAt = performance.now();
  const response = await ask(url);
  await once(response, 'readable');
  const durationMs = performance.now() - startedAt;
  // The receiver notices by the closed connection.
  response.destroy();
  return durationMs;
}

async function readWhole(url: string): Promise<{ bytes: number; seconds: number }> {
  const startedAt = performance.now();
  const response = await ask(url);
  let bytes = 0;
  for await (const chunk of response) bytes += Buffer.byteLength(chunk);
  return { bytes, seconds: (performance.now() - startedAt) / 1000 };
}

interface PlainRead {
  readonly bytes: number;
  readonly seconds: number;
  readonly stringifySeconds: number;
}

/**
 * What a program does that has never heard of streams: all rows at once, and JSON.stringify. PostgreSQL takes the rows apart as it can do
 * fastest, and what was signed stays a text.
 */
async function readPlainly(pool: Pool): Promise<PlainRead> {
  const startedAt = performance.now();
  const { rows } = await pool.query(
    `SELECT block_index::integer AS index, encode(hash, 'hex') AS hash, log_size::integer AS log_size, encode(header, 'hex') AS header,
            message
       FROM blocks LEFT JOIN readings ON leaf_index = log_size - 1
      ORDER BY block_index`,
  );
  const queriedAt = performance.now();
  const bytes = Buffer.byteLength(JSON.stringify(rows));
  const endedAt = performance.now();
  return { bytes, seconds: (endedAt - startedAt) / 1000, stringifySeconds: (endedAt - queriedAt) / 1000 };
}
