// GET /v1/export: the whole ledger as JSON Lines, up to the checkpoint that was published when it was asked for. It holds a page of blocks and
// a page of leaves at a time and no database connection between them, so a slow reader costs nothing but its socket. Source: format.md "Export".

import { Readable } from 'node:stream';
import { formatExportBlock, formatExportEnd, formatExportHeader, type PublicKey } from '@telltale/ledger';
import type { FastifyInstance } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { ReceiverError } from '../errors.ts';
import type { PublishedCheckpoint } from '../proofs/published-checkpoint.ts';
import { readBlocks } from '../store/block-store.ts';
import { LeafReader } from '../store/leaf-reader.ts';
import { problem } from './problem.ts';

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

export interface ExportService {
  readonly pool: Pool;
  readonly ledger: { readonly origin: string; readonly key: PublicKey };
  readonly latestCheckpoint: () => PublishedCheckpoint;
}

export function exportRoute(app: FastifyInstance, service: ExportService): void {
  let running = 0;
  app.get(
    '/v1/export',
    {
      // A HEAD would read the whole ledger and throw it away.
      exposeHeadRoute: false,
      serializerCompiler: () => (data) => JSON.stringify(data),
      schema: {
        summary: 'The whole ledger',
        description:
          'Everything that `telltale verify` needs, streamed. An export that ends without its checkpoint is not whole. 503 while too many are under way.',
        tags: ['Proofs'],
        response: {
          200: { description: 'JSON Lines.', content: { 'application/jsonl': { schema: exported } } },
          503: problem,
        },
      },
    },
    (request, reply) => {
      if (running >= MAX_EXPORTS)
        throw new ReceiverError('overloaded', 'too many exports are under way; ask again later');
      const checkpoint = service.latestCheckpoint();
      running++;
      const lines = Readable.from(chunks(exportLines(service, checkpoint)), { objectMode: false });
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

/** Blocks that are sealed meanwhile are left out: two exports up to one checkpoint are the same bytes. */
async function* exportLines(
  { pool, ledger }: ExportService,
  { head, note }: PublishedCheckpoint,
): AsyncGenerator<string> {
  yield formatExportHeader({ origin: ledger.origin, spki: ledger.key.spki });
  const reader = new LeafReader(pool, PAGE);
  let next = 0;
  for await (const block of readBlocks(pool, { start: 0, end: head.header.index + 1, ...PAGE })) {
    if (block.blockIndex !== next) break;
    const { leaves, missing } = await reader.take(block.logSize);
    if (missing !== undefined) throw new Error(`leaf ${missing} of block ${block.blockIndex} is not stored`);
    yield formatExportBlock({ header: block.header, signature: block.signature, leaves });
    next++;
  }
  // An export without its end is known to be cut; one with an end that does not fit would be evidence.
  if (next !== head.header.index + 1) throw new Error(`block ${next} is not stored`);
  yield formatExportEnd(note);
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
