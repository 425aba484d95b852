// GET /tile/…: the log as static tiles and entry bundles, from the database, up to the published checkpoint. Source: C2SP tlog-tiles.
// A full tile never changes. A tile of fewer hashes never changes either, but soon nobody asks for it: the log has grown.

import { Readable } from 'node:stream';
import { encodeEntryBundle, parseTilePath, TILE_WIDTH, type TilePath } from '@telltale/ledger';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { Pool } from 'pg';
import { z } from 'zod';
import { ReceiverError } from '../errors.ts';
import { tileWidth } from '../proofs/log-nodes.ts';
import type { PublishedCheckpoint } from '../proofs/published-checkpoint.ts';
import { readLeafPage, type StoredLeaf } from '../store/leaf-store.ts';
import { readTileSpans } from '../store/node-store.ts';
import { DATABASE_AWAY, ETAG, NOT_COSIGNED, NOT_MODIFIED, problems } from './answers.ts';
import { conditionalGet } from './conditional-get.ts';

/** A year, as long as HTTP caches go (RFC 9111 has no limit, RFC 2616 named this one). */
const FULL = 'public, max-age=31536000, immutable';
/** An hour: a guess; long enough for readers of one checkpoint to share it. */
const PARTIAL = 'public, max-age=3600';

const bytes = z
  .string()
  .meta({ contentEncoding: 'binary', description: 'Hashes of 32 bytes, or entries each after its length (uint16).' });
const tileAnswers = {
  200: {
    description: 'The tile. Bundles of entries that are too large for one piece come as a stream, and without ETag.',
    headers: ETAG,
    content: {
      'application/octet-stream': { schema: bytes, examples: { entry: { value: '\u0000\u0004leaf' } } },
    },
  },
  ...NOT_MODIFIED,
  ...problems(
    ['request-invalid', 'not the path of a tile'],
    ['tile-not-found', 'the published log of 42 leaves has no such tile'],
    NOT_COSIGNED,
    DATABASE_AWAY,
  ),
};

export interface TilesService {
  readonly pool: Pool;
  readonly latestCheckpoint: () => PublishedCheckpoint;
}

export function tilesRoutes(app: FastifyInstance, service: TilesService): void {
  const tags = ['Proofs'];
  const serializerCompiler = () => (data: unknown) => JSON.stringify(data);
  const rest = z
    .string()
    .describe(
      'Index in groups of three digits, all but the last after an x, and .p/ with the width of a partial tile.',
    );

  const tileParams = z.object({
    level: z.string().meta({ description: 'Tile level, 0 to 63.', examples: ['0'] }),
    '*': rest.meta({ examples: ['000', 'x001/234', '002.p/17'] }),
  });
  app.get<{ Params: z.output<typeof tileParams> }>(
    '/tile/:level/*',
    {
      onSend: conditionalGet,
      serializerCompiler,
      schema: {
        summary: 'Hashes of the log',
        description: 'Up to 256 hashes of a tile level, as C2SP tlog-tiles has them.',
        tags,
        params: tileParams,
        response: tileAnswers,
      },
    },
    async ({ params }, reply) => {
      const { level, index, width } = mustBePublished(service, { reply, path: `tile/${params.level}/${params['*']}` });
      const tile = { level: level === 'entries' ? 0 : level, index };
      // Of a tile that is full by now the row is there, and a part of it is its beginning.
      const published = tileWidth(tile, service.latestCheckpoint().head.header.logSize);
      const [hashes = []] = await readTileSpans(service.pool, [
        { ...tile, width: published === TILE_WIDTH ? published : width },
      ]);
      return asStatic(reply, width).send(Buffer.concat(hashes.slice(0, width)));
    },
  );

  const entriesParams = z.object({ '*': rest.meta({ examples: ['000', 'x001/234', '002.p/17'] }) });
  app.get<{ Params: z.output<typeof entriesParams> }>(
    '/tile/entries/*',
    {
      onSend: conditionalGet,
      serializerCompiler,
      schema: {
        summary: 'Leaves of the log',
        description: 'Up to 256 leaves, each after its length as uint16, as C2SP tlog-tiles has them.',
        tags,
        params: entriesParams,
        response: tileAnswers,
      },
    },
    async ({ params }, reply) => {
      const { index, width } = mustBePublished(service, { reply, path: `tile/entries/${params['*']}` });
      const start = index * TILE_WIDTH;
      const end = start + width;
      // Before the headers: nothing may say that a failure is immutable.
      const first = await mustRead(service.pool, { start, end });
      const isWhole = first.length === width;
      return asStatic(reply, width).send(
        isWhole
          ? Buffer.from(encode(first))
          : Readable.from(bundle(service.pool, { first, end }), { objectMode: false }),
      );
    },
  );
}

/** The tile that a path names. Throws `request-invalid` for what is no path of a tile, `tile-not-found` for what is not published yet. */
function mustBePublished(service: TilesService, asked: { reply: FastifyReply; path: string }): TilePath {
  // What is not there yet will be: no cache may keep the answer.
  asked.reply.header('cache-control', 'no-store');
  const parsed = parseTilePath(asked.path);
  if (!parsed.ok) throw new ReceiverError('request-invalid', parsed.message);
  const { level, index, width } = parsed.value;
  const { logSize } = service.latestCheckpoint().head.header;
  if (width > tileWidth({ level: level === 'entries' ? 0 : level, index }, logSize)) {
    throw new ReceiverError('tile-not-found', `the published log of ${logSize} leaves has no such tile`);
  }
  return parsed.value;
}

function asStatic(reply: FastifyReply, width: number): FastifyReply {
  return reply.type('application/octet-stream').header('cache-control', width === TILE_WIDTH ? FULL : PARTIAL);
}

/** A bundle of large leaves, a page at a time: 256 leaves may be 16 MB. */
async function* bundle(pool: Pool, range: { first: readonly StoredLeaf[]; end: number }): AsyncGenerator<Uint8Array> {
  let page = range.first;
  for (;;) {
    yield encode(page);
    const start = (page.at(-1)?.leafIndex ?? 0) + 1;
    if (start >= range.end) return;
    page = await mustRead(pool, { start, end: range.end });
  }
}

/** The next leaves of a range that must be whole. */
async function mustRead(pool: Pool, range: { start: number; end: number }): Promise<StoredLeaf[]> {
  const page = await readLeafPage(pool, range);
  if (page.length === 0 || page.some(({ leafIndex }, i) => leafIndex !== range.start + i)) {
    throw new Error(`the leaves from ${range.start} on are not all stored`);
  }
  return page;
}

function encode(leaves: readonly StoredLeaf[]): Uint8Array {
  return encodeEntryBundle(leaves.map(({ leaf }) => leaf));
}
