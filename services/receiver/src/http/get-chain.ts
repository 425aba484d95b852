// GET /get_chain: the whole chain in liotbchain's form, streamed. Messages are spliced in as they were signed. Each stream holds two pages of
// blocks and two of messages at a time, however large a block is, and no database connection between them. There are only so many streams.

import { Readable } from 'node:stream';
import { BITS_PER_DIFFICULTY, decodeHeader, HEADER_BYTES, toHex } from '@telltale/ledger';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { readBlockPage, readMessagePage } from '../store/chain-page-store.ts';
import { PageReader } from '../store/page-reader.ts';
import { DATABASE_AWAY, jsonAnswer, plainErrors } from './answers.ts';
import { Budget } from './budget.ts';
import { messageShape } from './message-shape.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Characters that are put together before they are given to the socket: fewer, larger writes. */
const CHUNK_LENGTH = 64 * 1024;
/**
 * What one read brings. Of 64, 128, 256 and 512 over 100,000 blocks of one reading, 256 were twice as fast as 64, and 512 little faster
 * (measured). `maxBytes` bounds pages of large readings, of which a stream holds two.
 */
const PAGE = { maxBlocks: 256, maxLeaves: 256, maxBytes: 128 * 1024 };

/**
 * Streams at one time. Each costs 2.3 MB while its client does not read (measured, 32 of them, small readings); with these, 75 MB. A guess
 * between that and the readers that a ledger may have at once.
 */
const MAX_STREAMS = 32;
/** How long a client may take nothing before it is cut: it would hold a place for ever. A guess: a radio link that is away for a while. */
const STALLED_MS = 60_000;

export interface GetChain {
  readonly pool: Pool;
  readonly maxStreams?: number;
  readonly stalledMs?: number;
}

const block = z
  .object({
    timestamp: z.number().describe('Seconds since the Unix epoch.'),
    index: z.number(),
    data: z.union([z.literal('Genesis Block'), z.array(messageShape)]),
    nonce: z.number(),
    hash: z.string(),
    'previous hash': z.string(),
    merkle_root: z.string(),
    log_size: z.number(),
    difficulty: z.number(),
  })
  .meta({ id: 'ChainBlock' });
export const chain = z.array(block).meta({
  examples: [
    [
      {
        timestamp: 1_767_225_601,
        index: 20,
        data: [{ device: 'Raspberry Pi 1', distance: 120, timestamp: 1_767_225_600 }],
        nonce: 117,
        hash: '00c3f1e9d8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c3d2e1f0a9b8c7d6e5f4a3b2c1',
        'previous hash': '004ac6ad0fa7e624bd49359f1f6689610557f43b6bb1ca3835ecd6acb8472981',
        merkle_root: '3e544d0abc07a6a846aeea6e7b42fb8316e36cc88a03db5e9afb996430e991ac',
        log_size: 42,
        difficulty: 2,
      },
    ],
  ],
});

export function getChainRoute(app: FastifyInstance, service: GetChain): void {
  const { pool, maxStreams = MAX_STREAMS, stalledMs = STALLED_MS } = service;
  const streams = new Budget({ amount: maxStreams, refusal: 'too many clients read the chain; ask again soon' });
  app.get(
    '/get_chain',
    {
      // What is streamed is JSON already; the schema describes it and must not serialise it again.
      serializerCompiler: () => (data) => JSON.stringify(data),
      schema: {
        summary: 'The whole chain',
        description: 'Every block with the readings that it seals, as they were signed. Streamed, whatever its length.',
        tags: ['Readings and chain'],
        response: {
          200: jsonAnswer(chain, { description: 'All blocks, the first one first.' }),
          ...plainErrors(['overloaded', 'too many clients read the chain; ask again soon'], DATABASE_AWAY),
        },
      },
    },
    (request, reply) => {
      // Nobody would read it, and it would be read from the database to its end.
      if (request.method === 'HEAD') return reply.type(JSON_TYPE).send();
      const endStream = streams.take(1);
      // Counted in bytes: as objects, sixteen chunks would wait for a slow client.
      const stream = Readable.from(chainChunks(pool), { objectMode: false });
      // Comes after the end, after an error, and after the client has gone.
      stream.once('close', endStream);
      cutWhenStalled(reply, stalledMs);
      return reply.type(JSON_TYPE).send(stream);
    },
  );
}

/** Ends the connection once nothing has gone over it for so long. Node.js sets its own time again for the connection's next request. */
function cutWhenStalled(reply: FastifyReply, stalledMs: number): void {
  reply.raw.setTimeout(stalledMs, () => {
    reply.log.warn({ stalledMs }, 'a reader of the chain stalled and was cut');
    reply.raw.destroy();
  });
}

/** The chain's JSON in chunks. Blocks that are sealed meanwhile may or may not be part of it; what is given is one unbroken chain. */
async function* chainChunks(pool: Pool): AsyncGenerator<Uint8Array> {
  const blocks = new PageReader((start) => readBlockPage(pool, { start, ...PAGE }));
  const messages = new PageReader((start) => readMessagePage(pool, { start, ...PAGE }));
  let chunk = '';
  let separator = '[';
  for (let page = await blocks.take(); page.length > 0; page = await blocks.take()) {
    for (const block of page) {
      const { logSize, before, after } = blockJson(block);
      chunk += separator + before;
      let comma = '';
      while (messages.at < logSize) {
        const taken = await messages.take(logSize - messages.at);
        if (taken.length === 0) throw new Error(`leaf ${messages.at} is sealed and not stored`);
        for (const message of taken) {
          if (message === '') continue;
          chunk += comma + message;
          comma = ', ';
          if (chunk.length < CHUNK_LENGTH) continue;
          yield Buffer.from(chunk);
          chunk = '';
        }
      }
      chunk += after;
      separator = ',\n';
      if (chunk.length < CHUNK_LENGTH) continue;
      yield Buffer.from(chunk);
      chunk = '';
    }
  }
  yield Buffer.from(`${chunk}]\n`);
}

/** A shown block's JSON before and after its readings, and the leaves up to its end. */
function blockJson(shown: Uint8Array): { logSize: number; before: string; after: string } {
  const decoded = decodeHeader(shown.subarray(0, HEADER_BYTES));
  if (!decoded.ok) throw new Error(`the header of a block cannot be read: ${decoded.message}`);
  const header = decoded.value;
  const time = `"timestamp":${secondsOf(header.timestampUs)},"index":${header.index}`;
  const [open, close] = header.index === 0 ? ['"Genesis Block"', ''] : ['[', ']'];
  const hashes = `"hash":"${toHex(shown.subarray(HEADER_BYTES))}","previous hash":"${toHex(header.previousHash)}"`;
  const log = `"merkle_root":"${toHex(header.logRoot)}","log_size":${header.logSize}`;
  const difficulty = header.difficultyBits / BITS_PER_DIFFICULTY;
  return {
    logSize: header.logSize,
    before: `{${time},"data":${open}`,
    after: `${close},"nonce":${header.nonce},${hashes},${log},"difficulty":${difficulty}}`,
  };
}

/** Microseconds as JSON seconds, exactly: a float would lose the last digits. */
function secondsOf(us: number): string {
  const fraction = String(us % 1_000_000)
    .padStart(6, '0')
    .replace(/0{1,5}$/, '');
  return `${Math.floor(us / 1_000_000)}.${fraction}`;
}
