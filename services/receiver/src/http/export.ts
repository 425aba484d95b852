// GET /v1/export: the ledger as JSON Lines, whole or from a block on, up to the checkpoint that was published when it was asked for. It holds
// a page of blocks and a page of leaves at a time and no database connection between them, so a slow reader costs nothing but its socket.
// Source: format.md "Export".

import { Readable } from 'node:stream';
import { formatExportBlock, formatExportEnd, formatExportHeader, type PublicKey } from '@telltale/ledger';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { ReceiverError } from '../errors.ts';
import type { PublishedCheckpoint } from '../proofs/published-checkpoint.ts';
import { readBlocks } from '../store/block-store.ts';
import { readLeafPage } from '../store/leaf-store.ts';
import { problem } from './problem.ts';
import { wholeNumber } from './whole-number.ts';

/** Exports at one time. Bounds memory (a block and two pages each) and what they take of the database's time. A guess. */
const MAX_EXPORTS = 16;
/** How long a reader may take nothing. A guess: what stands still longer has gone, and its place is needed. */
const STALL_MS = 60_000;
/** Characters that are put together before they are given to the socket: fewer, larger writes. */
const CHUNK_CHARACTERS = 64 * 1024;
/** As for /get_chain, whose measurement it is: small pages are gone before the garbage collector looks. */
const PAGE = { pageBlocks: 64, pageLeaves: 64 };

const exported = z.string().meta({
  description: 'One object a line: the ledger, each block with its leaves, the checkpoint.',
  examples: [
    '{"format":"telltale-export-v1","origin":"example.org/ledger","public_key":"MCow…"}\n{"header":"AAAA…","signature":"c2ln…","leaves":[]}\n{"checkpoint":"example.org/ledger\\n0\\n47DE…\\n\\n— example.org/ledger c2ln…\\n"}\n',
  ],
});

const querystring = z.object({
  from_block: wholeNumber
    .default(0)
    .describe(
      'The first block of the export; blocks before it are left out, so only who has verified them can verify the rest. The number of blocks itself gives no block, only ledger and checkpoint.',
    ),
});

export interface ExportService {
  readonly pool: Pool;
  readonly ledger: { readonly origin: string; readonly key: PublicKey };
  readonly latestCheckpoint: () => PublishedCheckpoint;
}

export function exportRoute(app: FastifyInstance, service: ExportService): void {
  let running = 0;
  app.get<{ Querystring: z.output<typeof querystring> }>(
    '/v1/export',
    {
      // A HEAD would read the whole ledger and throw it away.
      exposeHeadRoute: false,
      serializerCompiler: () => (data) => JSON.stringify(data),
      schema: {
        summary: 'The whole ledger, or its newest blocks',
        description:
          'Everything that `telltale verify` needs, streamed. An export that ends without its checkpoint is not whole. With `from_block` it begins at a later block, for who follows the ledger. 409 for a block behind the one that comes next; 503 while too many are under way.',
        tags: ['Proofs'],
        querystring,
        response: {
          200: { description: 'JSON Lines.', content: { 'application/jsonl': { schema: exported } } },
          400: problem,
          409: problem,
          503: problem,
        },
      },
    },
    (request, reply) => {
      if (running >= MAX_EXPORTS)
        throw new ReceiverError('overloaded', 'too many exports are under way; ask again later');
      const checkpoint = service.latestCheckpoint();
      const blocks = checkpoint.head.header.index + 1;
      const { from_block: fromBlock } = request.query;
      if (fromBlock > blocks) {
        throw new ReceiverError(
          'pending',
          `the published checkpoint is of ${blocks} blocks, not more; ask again later`,
        );
      }
      running++;
      const lines = Readable.from(chunks(exportLines(service, { checkpoint, fromBlock })), { objectMode: false });
      const { socket } = request.raw;
      const cut = () => socket.destroy();
      socket.setTimeout(STALL_MS, cut);
      lines.once('close', () => {
        running--;
        // The time itself stays: Node.js sets its own between two requests of a connection.
        socket.off('timeout', cut);
      });
      return reply.type('application/jsonl; charset=utf-8').header('cache-control', 'no-cache').send(lines);
    },
  );
}

/** Blocks that are sealed meanwhile are left out: two exports from one block to one checkpoint are the same bytes. */
async function* exportLines(
  { pool, ledger }: ExportService,
  { checkpoint, fromBlock }: { checkpoint: PublishedCheckpoint; fromBlock: number },
): AsyncGenerator<string> {
  yield formatExportHeader({ origin: ledger.origin, spki: ledger.key.spki });
  const end = checkpoint.head.header.index + 1;
  // The block before says where the first one's leaves begin.
  const start = Math.max(0, fromBlock - 1);
  let leaves: AsyncGenerator<Uint8Array> | undefined;
  let next = start;
  let leafIndex = 0;
  for await (const block of readBlocks(pool, { start, end, ...PAGE })) {
    if (block.blockIndex !== next) break;
    if (next++ < fromBlock) {
      leafIndex = block.logSize;
      continue;
    }
    leaves ??= leavesFrom(pool, leafIndex);
    const own: Uint8Array[] = [];
    for (; leafIndex < block.logSize; leafIndex++) {
      const leaf = await leaves.next();
      if (leaf.done) throw new Error(`leaf ${leafIndex} of block ${block.blockIndex} is not stored`);
      own.push(leaf.value);
    }
    yield formatExportBlock({ header: block.header, signature: block.signature, leaves: own });
  }
  // An export without its end is known to be cut; one with an end that does not fit would be evidence.
  if (next !== end) throw new Error(`block ${next} is not stored`);
  yield formatExportEnd(checkpoint.note);
}

/** The log's leaves from an index on, a page at a time, up to the first that is not stored. */
async function* leavesFrom(pool: Pool, start: number): AsyncGenerator<Uint8Array> {
  for (let next = start; ; ) {
    const page = await readLeafPage(pool, { start: next, end: Number.MAX_SAFE_INTEGER, ...PAGE });
    if (page.length === 0) return;
    for (const { leafIndex, leaf } of page) {
      if (leafIndex !== next++) return;
      yield leaf;
    }
  }
}

async function* chunks(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  let chunk = '';
  for await (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield Buffer.from(chunk);
    chunk = '';
  }
  yield Buffer.from(chunk);
}
