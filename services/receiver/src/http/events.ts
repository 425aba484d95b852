// GET /v1/events: sealed blocks as server-sent events, live, and from any block on out of the database. Source: HTML standard, section 9.2.

import { fastifySSE } from '@fastify/sse';
import { toHex } from '@telltale/ledger';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Pool } from 'pg';
import { z } from 'zod';
import { ReceiverError } from '../errors.ts';
import type { Publisher } from '../publish.ts';
import type { BlockSummary } from '../store/block-summary-store.ts';
import { DATABASE_AWAY, problems } from './answers.ts';
import { Budget } from './budget.ts';
import { EventsFeed } from './events-feed.ts';
import { wholeNumber } from './whole-number.ts';

/** Streams at one time: a page that stands open each, and a socket. A guess. */
const MAX_STREAMS = 128;
/** Between two comments that keep proxies from closing a quiet stream. A guess: most of them wait for a minute. */
const HEARTBEAT_MS = 15_000;
/** How long a client may take nothing before it is cut: comments would gather for it. A guess: a radio link that is away for a while. */
const STALLED_MS = 60_000;

const querystring = z.strictObject({
  event: z
    .enum(['message'])
    .optional()
    .describe(
      'message: the events have no name of their own, so they come as `message`, the only ones that many clients listen for. Without, they are named `block`.',
    ),
  last_event_id: wholeNumber
    .optional()
    .describe(
      'The last block that is known already; the stream begins behind it. The header Last-Event-ID goes before. Without, it begins with the next block that is sealed.',
    ),
});

export const blockEvent = z.object({
  block_index: z.number(),
  hash: z.string(),
  log_size: z.number().describe('Leaves of the log up to and including this block’s.'),
  readings: z.number().describe('Leaves of the block that are readings; the others are of the registry.'),
  sealed_at: z.number().describe('Microseconds since the Unix epoch.'),
});

const stream = z.string().meta({
  description: 'Events named `block`, unless `event` says otherwise; the id of each is its block index.',
  examples: [
    'id: 20\nevent: block\ndata: {"block_index":20,"hash":"00c3f1e9…","log_size":42,"readings":2,"sealed_at":1767225601000000}\n\n',
  ],
});

export interface EventsService {
  readonly pool: Pool;
  readonly publisher: Pick<Publisher, 'head' | 'onPublished'>;
  readonly maxStreams?: number;
  readonly heartbeatMs?: number;
  readonly stalledMs?: number;
}

/** Adds the route. `stop` ends every stream and refuses new ones: the server would wait for them. */
export async function eventsRoute(app: FastifyInstance, service: EventsService): Promise<{ stop(): void }> {
  const { maxStreams = MAX_STREAMS, heartbeatMs = HEARTBEAT_MS, stalledMs = STALLED_MS } = service;
  const feed = new EventsFeed(service.pool, service.publisher);
  const streams = new Budget({ amount: maxStreams, refusal: 'too many clients follow the blocks; ask again later' });
  const open = new Map<FastifyReply, AbortController>();
  let isStopped = false;

  await app.register(async (scope) => {
    await scope.register(fastifySSE, { heartbeatInterval: heartbeatMs });
    scope.withTypeProvider<ZodTypeProvider>().get(
      '/v1/events',
      {
        sse: 'only',
        exposeHeadRoute: false,
        // The stream is written by the plugin; the schema describes it.
        serializerCompiler: () => (data) => JSON.stringify(data),
        schema: {
          summary: 'Sealed blocks as they come',
          description:
            'Server-sent events, without end. A client that reconnects goes on behind the event whose id it names; an event may come twice, none is left out.',
          tags: ['Readings and chain'],
          querystring,
          response: {
            200: { description: 'Events.', content: { 'text/event-stream': { schema: stream } } },
            ...problems(
              ['request-invalid', 'querystring/last_event_id must be a whole number in plain digits'],
              ['overloaded', 'too many clients follow the blocks; ask again later'],
              ['stopping', 'the receiver is stopping'],
              DATABASE_AWAY,
            ),
          },
        },
      },
      async (request, reply) => {
        if (isStopped) throw new ReceiverError('stopping', 'the receiver is stopping');
        const end = streams.take(1);
        const ended = new AbortController();
        open.set(reply, ended);
        // Also where nobody takes what is written: then the events below are never asked for again, and end there.
        reply.raw.once('close', () => {
          end();
          open.delete(reply);
          ended.abort();
        });
        reply.raw.setTimeout(stalledMs, () => reply.raw.destroy());
        const last = wholeNumber.safeParse(request.headers['last-event-id']).data ?? request.query.last_event_id;
        // A number that is not there yet is of another ledger, or of a receiver that is ahead of this one.
        const start = Math.min(last ?? Number.MAX_SAFE_INTEGER - 1, feed.headIndex) + 1;
        try {
          // Nothing comes behind a stream: kept open, its connection would hold a receiver that stops.
          reply.header('connection', 'close');
          reply.sse.sendHeaders();
          // Node.js keeps them for the first event, and who follows a quiet ledger would not know that it does.
          reply.raw.flushHeaders();
          const isNamed = request.query.event === undefined;
          await reply.sse.send(events(feed.blocksFrom(start, ended.signal), { isNamed }));
        } catch (err) {
          // The answer has begun: the client sees it end, and asks again from where it was.
          request.log.warn({ err }, 'a stream of events ended early');
        }
      },
    );
  });

  return {
    stop() {
      isStopped = true;
      for (const [reply, ended] of open) {
        ended.abort();
        // Nobody reads it: the end would never arrive.
        if (reply.raw.writableNeedDrain) reply.raw.destroy();
      }
    },
  };
}

async function* events(blocks: AsyncIterable<BlockSummary>, { isNamed }: { isNamed: boolean }) {
  for await (const { header, hash, readings } of blocks) {
    const data: z.infer<typeof blockEvent> = {
      block_index: header.index,
      hash: toHex(hash),
      log_size: header.logSize,
      readings,
      sealed_at: header.timestampUs,
    };
    yield { id: String(header.index), ...(isNamed && { event: 'block' }), data };
  }
}
