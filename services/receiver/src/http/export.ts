// GET /v1/export: the ledger as JSON Lines, whole or from a block on, or its readings as CSV, up to the checkpoint that is published. It holds
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
import { DATABASE_AWAY, NOT_COSIGNED, problems } from './answers.ts';
import { Budget } from './budget.ts';
import { readingsFilter } from './readings-filter.ts';
import { readingsTable, tableOfReadings } from './readings-table.ts';
import { wholeNumber } from './whole-number.ts';

/** Exports at one time. Bounds memory (a block and two pages each) and what they take of the database's time. A guess. */
const MAX_EXPORTS = 16;
const CONTENT_TYPES = {
  jsonl: 'application/jsonl; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
} as const;
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

const querystring = z.strictObject({
  format: z
    .enum(['jsonl', 'csv'])
    .default('jsonl')
    .describe(
      'jsonl: the ledger, for `telltale verify`. csv: its readings, for people and spreadsheets; it proves nothing.',
    ),
  from_block: wholeNumber
    .optional()
    .describe(
      'Of jsonl alone: the first block of the export; blocks before it are left out, so only who has verified them can verify the rest. The number of blocks itself gives no block, only ledger and checkpoint.',
    ),
  ...readingsFilter,
  device: readingsFilter.device.describe('Of csv alone: only the readings of this device.'),
  from: readingsFilter.from.describe(
    'Of csv alone: received_at of the first reading or later, microseconds since the Unix epoch.',
  ),
  to: readingsFilter.to.describe('Of csv alone: received_at before this time.'),
});
type ExportQuery = z.output<typeof querystring>;

export interface ExportService {
  readonly pool: Pool;
  readonly ledger: { readonly origin: string; readonly key: PublicKey };
  readonly latestCheckpoint: () => PublishedCheckpoint;
}

export function exportRoute(app: FastifyInstance, service: ExportService): void {
  const exports = new Budget({ amount: MAX_EXPORTS, refusal: 'too many exports are under way; ask again later' });
  app.get<{ Querystring: ExportQuery }>(
    '/v1/export',
    {
      // A HEAD would read the whole ledger and throw it away.
      exposeHeadRoute: false,
      serializerCompiler: () => (data) => JSON.stringify(data),
      schema: {
        summary: 'The whole ledger, or its newest blocks, or its readings as a table',
        description:
          'Streamed. As JSON Lines everything that `telltale verify` needs: without its checkpoint at the end it is not whole, and with `from_block` it begins at a later block, for who follows the ledger; it is never filtered, for a part of a block proves nothing. As CSV the published readings, of a device and a time where they are named. 409 for a block behind the one that comes next; 503 while too many are under way.',
        tags: ['Proofs'],
        querystring,
        response: {
          200: {
            description: 'JSON Lines, or CSV.',
            content: { 'application/jsonl': { schema: exported }, 'text/csv': { schema: readingsTable } },
          },
          ...problems(
            ['request-invalid', 'device, from and to go with format=csv: an export that is verified is whole'],
            ['pending', 'the published checkpoint is of 21 blocks, not more; ask again later'],
            ['overloaded', 'too many exports are under way; ask again later'],
            NOT_COSIGNED,
            DATABASE_AWAY,
          ),
        },
      },
    },
    (request, reply) => {
      const { query } = request;
      const checkpoint = service.latestCheckpoint();
      refuseMixed(query, checkpoint);
      const endExport = exports.take(1);
      const lines = Readable.from(chunks(linesOf(service, { query, checkpoint })), { objectMode: false });
      const { socket } = request.raw;
      const cut = () => socket.destroy();
      socket.setTimeout(STALL_MS, cut);
      lines.once('close', () => {
        endExport();
        // The time itself stays: Node.js sets its own between two requests of a connection.
        socket.off('timeout', cut);
      });
      if (query.format === 'csv') reply.header('content-disposition', 'attachment; filename="readings.csv"');
      return reply.type(CONTENT_TYPES[query.format]).header('cache-control', 'no-cache').send(lines);
    },
  );
}

/** Throws `request-invalid` for what does not go together, `pending` for a block that is not there. */
function refuseMixed(
  { format, device, from, to, from_block: fromBlock }: ExportQuery,
  checkpoint: PublishedCheckpoint,
) {
  const isFiltered = [device, from, to].some((value) => value !== undefined);
  if (format === 'jsonl' && isFiltered) {
    throw new ReceiverError(
      'request-invalid',
      'device, from and to go with format=csv: an export that is verified is whole',
    );
  }
  if (format === 'csv' && fromBlock !== undefined) {
    throw new ReceiverError('request-invalid', 'from_block goes with format=jsonl');
  }
  const blocks = checkpoint.head.header.index + 1;
  if (fromBlock === undefined || fromBlock <= blocks) return;
  throw new ReceiverError('pending', `the published checkpoint is of ${blocks} blocks, not more; ask again later`);
}

function linesOf(
  service: ExportService,
  { query, checkpoint }: { query: ExportQuery; checkpoint: PublishedCheckpoint },
): AsyncGenerator<string> {
  if (query.format === 'jsonl') return exportLines(service, { checkpoint, fromBlock: query.from_block ?? 0 });
  return tableOfReadings(service.pool, { filter: query, logSize: checkpoint.head.header.logSize });
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
