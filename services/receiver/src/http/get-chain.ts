// GET /get_chain: the whole chain in liotbchain's form, streamed. Messages are spliced in as they were signed. Each stream holds a page of
// blocks and a page of leaves at a time, however large a block is, and no database connection between them. There are only so many streams.

import { Readable } from 'node:stream';
import { BITS_PER_DIFFICULTY, decodeHeader, decodeLeaf, LEAF_KIND, toHex } from '@telltale/ledger';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { readBlocks, type StoredBlock } from '../store/block-store.ts';
import { LeafReader } from '../store/leaf-reader.ts';
import { Budget } from './budget.ts';
import { plainError } from './plain-error.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
/** Bytes that are put together before they are given to the socket: fewer, larger writes. */
const CHUNK_BYTES = 64 * 1024;
/**
 * Blocks and leaves that one read brings: few, so that they are gone before the garbage collector looks. With a young generation of 4 MB,
 * pages of thousands grew the process by 80 MB over 100,000 blocks, and these by 6 MB (measured; test/faults/long-chain.test.ts).
 */
const PAGE = { pageBlocks: 64, pageLeaves: 64 };

/**
 * Streams at one time. Each costs 1.5 MB while its client does not read (measured, with small readings), and up to 8 MB where readings are
 * as large as they may be; with these, 50 MB and a few hundred. A guess between that and the readers that a ledger may have at once.
 */
const MAX_STREAMS = 32;
/** How long a client may take nothing before it is cut: it would hold a place for ever. A guess: a radio link that is away for a while. */
const STALLED_MS = 60_000;

export interface GetChain {
  readonly pool: Pool;
  readonly maxStreams?: number;
  readonly stalledMs?: number;
}

const chain = z.array(
  z.object({
    timestamp: z.number().describe('Seconds since the Unix epoch.'),
    index: z.number(),
    data: z.union([z.literal('Genesis Block'), z.array(z.record(z.string(), z.unknown()))]),
    nonce: z.number(),
    hash: z.string(),
    'previous hash': z.string(),
    merkle_root: z.string(),
    log_size: z.number(),
    difficulty: z.number(),
  }),
);

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
        response: { 200: chain, 503: plainError },
      },
    },
    (request, reply) => {
      // Nobody would read it, and it would be read from the database to its end.
      if (request.method === 'HEAD') return reply.type(JSON_TYPE).send();
      const endStream = streams.take(1);
      const stream = Readable.from(chainChunks(pool));
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
  const reader = new LeafReader(pool, PAGE);
  // Bytes as a string of one character each (Latin-1), messages too: a small buffer for each part would be ten times the garbage.
  let chunk = '';
  let separator = '[';
  /** Leaves of the blocks so far. */
  let sealed = 0;
  for await (const block of readBlocks(pool, { start: 0, end: Number.MAX_SAFE_INTEGER, ...PAGE })) {
    const { before, after } = blockJson(block);
    chunk += separator + before;
    let comma = '';
    for (let end = sealed; end < block.logSize; ) {
      end = Math.min(end + PAGE.pageLeaves, block.logSize);
      const taken = await reader.take(end);
      if (taken.missing !== undefined)
        throw new Error(`leaf ${taken.missing} of block ${block.blockIndex} is not stored`);
      for (const message of messagesOf(taken.leaves)) {
        chunk += comma + message;
        comma = ', ';
        if (chunk.length < CHUNK_BYTES) continue;
        yield Buffer.from(chunk, 'latin1');
        chunk = '';
      }
    }
    sealed = block.logSize;
    chunk += after;
    separator = ',\n';
    if (chunk.length < CHUNK_BYTES) continue;
    yield Buffer.from(chunk, 'latin1');
    chunk = '';
  }
  yield Buffer.from(`${chunk}]\n`, 'latin1');
}

/** A block's JSON before and after its readings. */
function blockJson(block: StoredBlock): { before: string; after: string } {
  const decoded = decodeHeader(block.header);
  if (!decoded.ok) throw new Error(`the header of block ${block.blockIndex} cannot be read: ${decoded.message}`);
  const header = decoded.value;
  const time = `"timestamp":${secondsOf(header.timestampUs)},"index":${header.index}`;
  const [open, close] = header.index === 0 ? ['"Genesis Block"', ''] : ['[', ']'];
  const hashes = `"hash":"${toHex(block.hash)}","previous hash":"${toHex(header.previousHash)}"`;
  const log = `"merkle_root":"${toHex(header.logRoot)}","log_size":${header.logSize}`;
  const difficulty = header.difficultyBits / BITS_PER_DIFFICULTY;
  return {
    before: `{${time},"data":${open}`,
    after: `${close},"nonce":${header.nonce},${hashes},${log},"difficulty":${difficulty}}`,
  };
}

/** The readings' messages as they were signed, one character for each byte; registry leaves are not data. */
function messagesOf(leaves: readonly Uint8Array[]): string[] {
  const messages: string[] = [];
  for (const bytes of leaves) {
    const leaf = decodeLeaf(bytes);
    if (!leaf.ok) throw new Error(`a stored leaf cannot be read: ${leaf.message}`);
    const { kind, message } = leaf.value;
    if (kind !== LEAF_KIND.reading) continue;
    messages.push(Buffer.from(message.buffer, message.byteOffset, message.byteLength).toString('latin1'));
  }
  return messages;
}

/** Microseconds as JSON seconds, exactly: a float would lose the last digits. */
function secondsOf(us: number): string {
  const fraction = String(us % 1_000_000)
    .padStart(6, '0')
    .replace(/0{1,5}$/, '');
  return `${Math.floor(us / 1_000_000)}.${fraction}`;
}
