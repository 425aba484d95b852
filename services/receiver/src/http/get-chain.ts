// GET /get_chain: the whole chain in liotbchain's form, streamed. Messages are spliced in as they were signed. It holds a page of blocks
// and a page of leaves at a time and no database connection between them, so a slow client costs nothing but its socket.

import { Readable } from 'node:stream';
import { BITS_PER_DIFFICULTY, decodeHeader, decodeLeaf, LEAF_KIND, toHex } from '@telltale/ledger';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { readBlocks, type StoredBlock } from '../store/block-store.ts';
import { LeafReader } from '../store/leaf-reader.ts';

/** Bytes that are put together before they are given to the socket: fewer, larger writes. */
const CHUNK_BYTES = 64 * 1024;
/**
 * Blocks and leaves that one read brings: few, so that they are gone before the garbage collector looks. With a young generation of 4 MB,
 * pages of thousands grew the process by 80 MB over 100,000 blocks, and these by 6 MB (measured; test/faults/long-chain.test.ts).
 */
const PAGE = { pageBlocks: 64, pageLeaves: 64 };

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

export function getChainRoute(app: FastifyInstance, pool: Pool): void {
  app.get(
    '/get_chain',
    {
      // What is streamed is JSON already; the schema describes it and must not serialise it again.
      serializerCompiler: () => (data) => JSON.stringify(data),
      schema: {
        summary: 'The whole chain',
        description: 'Every block with the readings that it seals, as they were signed. Streamed, whatever its length.',
        tags: ['Readings and chain'],
        response: { 200: chain },
      },
    },
    (_request, reply) => reply.type('application/json; charset=utf-8').send(Readable.from(chainChunks(pool))),
  );
}

/** The chain's JSON in chunks. Blocks that are sealed meanwhile may or may not be part of it; what is given is one unbroken chain. */
async function* chainChunks(pool: Pool): AsyncGenerator<Uint8Array> {
  const reader = new LeafReader(pool, PAGE);
  // Bytes as a string of one character each (Latin-1), messages too: a small buffer for each part would be ten times the garbage.
  let chunk = '';
  let separator = '[';
  for await (const block of readBlocks(pool, { start: 0, end: Number.MAX_SAFE_INTEGER, ...PAGE })) {
    const taken = await reader.take(block.logSize);
    if (taken.missing !== undefined)
      throw new Error(`leaf ${taken.missing} of block ${block.blockIndex} is not stored`);
    chunk += separator + blockJson(block, taken.leaves);
    separator = ',\n';
    if (chunk.length < CHUNK_BYTES) continue;
    yield Buffer.from(chunk, 'latin1');
    chunk = '';
  }
  yield Buffer.from(`${chunk}]\n`, 'latin1');
}

/** A block's JSON, one character for each byte. */
function blockJson(block: StoredBlock, leaves: readonly Uint8Array[]): string {
  const decoded = decodeHeader(block.header);
  if (!decoded.ok) throw new Error(`the header of block ${block.blockIndex} cannot be read: ${decoded.message}`);
  const header = decoded.value;
  const time = `"timestamp":${secondsOf(header.timestampUs)},"index":${header.index}`;
  const data = header.index === 0 ? '"Genesis Block"' : `[${messagesOf(leaves).join(', ')}]`;
  const hashes = `"hash":"${toHex(block.hash)}","previous hash":"${toHex(header.previousHash)}"`;
  const log = `"merkle_root":"${toHex(header.logRoot)}","log_size":${header.logSize}`;
  const difficulty = header.difficultyBits / BITS_PER_DIFFICULTY;
  return `{${time},"data":${data},"nonce":${header.nonce},${hashes},${log},"difficulty":${difficulty}}`;
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
