// GET /v1/events on a real receiver: live, continued, bounded, and ended with the receiver.

import fastify, { type FastifyInstance } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Publisher } from '../publish.ts';
import { loadHead } from '../store/block-store.ts';
import { type EventReader, openEvents } from '../testing/event-reader.ts';
import { mustAccept } from '../testing/post-readings.ts';
import { openStoredLedger, type StoredLedger } from '../testing/stored-ledger.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';
import { handleError } from './error-table.ts';
import { eventsRoute } from './events.ts';
import { EventsFeed } from './events-feed.ts';

/** More than a page of the feed. */
const BLOCKS = 70;

const device = makeDevice();
let receiver: TestReceiver;
let stored: StoredLedger;
const readers: EventReader[] = [];
const apps: FastifyInstance[] = [];

beforeAll(async () => {
  receiver = await startTestReceiver({ variables: { TRANSACTIONS_PER_BLOCK: '1', BLOCK_MAX_WAIT_MS: '20' } });
  stored = await openStoredLedger(receiver);
  // The device's first leaf enrols it: one more than the readings.
  const envelopes = Array.from({ length: BLOCKS - 1 }, (_, n) => device.envelope(`{"n":${n}}`));
  await mustAccept(receiver.url, `[${envelopes.join(',')}]`);
  await stored.untilSealed({ leaves: BLOCKS, pending: 0 });
});
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  for (const app of apps.splice(0)) await app.close();
});
afterAll(async () => {
  await stored.close();
  await receiver.stop();
});

async function open(url: string, how?: Parameters<typeof openEvents>[1]): Promise<EventReader> {
  const reader = await openEvents(url, how);
  readers.push(reader);
  return reader;
}

async function take(reader: EventReader, count: number): Promise<number[]> {
  const indexes: number[] = [];
  while (indexes.length < count) indexes.push((await reader.next()).block_index);
  return indexes;
}

const range = (start: number, end: number) => Array.from({ length: end - start }, (_, i) => start + i);

/** The route alone, on the stored blocks. */
async function serve(bounds: { maxStreams?: number; heartbeatMs?: number }) {
  const app = fastify();
  apps.push(app);
  app.setErrorHandler(handleError);
  app.setValidatorCompiler(validatorCompiler);
  const publisher = new Publisher(await loadHead(stored.pool));
  const events = await eventsRoute(app, { pool: stored.pool, publisher, ...bounds });
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), events, publisher };
}

describe('GET /v1/events', () => {
  it('tells of each block once it is sealed, as GET /v1/blocks shows it', async () => {
    const reader = await open(receiver.url);
    const [receipt] = await mustAccept(receiver.url, device.envelope('{"n":"live"}'), '?wait=sealed');
    const block = await reader.next();
    expect(block).toMatchObject({ block_index: receipt?.block_index, readings: 1 });
    const shown = await (await fetch(`${receiver.url}/v1/blocks/${block.block_index}`)).json();
    expect(shown).toMatchObject(block);
  });

  it('goes on behind the last event that a client names, in a header or in the query, from the stored blocks', async () => {
    const whole = await open(receiver.url, { query: '?last_event_id=0' });
    expect(await take(whole, BLOCKS)).toEqual(range(1, BLOCKS + 1));
    const later = await open(receiver.url, { headers: { 'last-event-id': '41' }, query: '?last_event_id=7' });
    expect(await take(later, 5)).toEqual(range(42, 47));
  });

  it('begins with the next block where the named one is not there yet, or is no number', async () => {
    const ahead = await open(receiver.url, { query: '?last_event_id=999999' });
    const odd = await open(receiver.url, { headers: { 'last-event-id': 'x' } });
    const [receipt] = await mustAccept(receiver.url, device.envelope('{"n":"next"}'), '?wait=sealed');
    expect(await take(ahead, 1)).toEqual([receipt?.block_index]);
    expect(await take(odd, 1)).toEqual([receipt?.block_index]);
  });

  it('refuses a query that is no number, and clients that take no events', async () => {
    expect((await fetch(`${receiver.url}/v1/events?last_event_id=-1`)).status).toBe(400);
    const json = await fetch(`${receiver.url}/v1/events`, { headers: { accept: 'application/json' } });
    expect(json.status).toBe(406);
  });

  it('sends comments while nothing is sealed', async () => {
    const { url, publisher } = await serve({ heartbeatMs: 10 });
    const reader = await open(url);
    const next = reader.next();
    await expect.poll(() => reader.comments, { timeout: 20_000 }).toBeGreaterThan(2);
    await mustAccept(receiver.url, device.envelope('{"n":"quiet"}'), '?wait=sealed');
    publisher.publish(await loadHead(stored.pool));
    expect(await next).toMatchObject({ block_index: publisher.head.header.index });
  });

  it('asks to come again when as many streams as may are open, and lets the next in when one goes away', async () => {
    const { url } = await serve({ maxStreams: 2 });
    const first = await open(url);
    await open(url);
    const refused = await fetch(`${url}/v1/events`);
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    expect(await refused.json()).toMatchObject({ code: 'overloaded' });
    first.close();
    await expect
      .poll(
        () =>
          open(url).then(
            () => true,
            () => false,
          ),
        { timeout: 20_000 },
      )
      .toBe(true);
    expect((await fetch(`${url}/v1/events`)).status).toBe(503);
  });

  it('ends every stream when the receiver stops, and opens no more', async () => {
    const { url, events } = await serve({});
    const reader = await open(url);
    events.stop();
    expect(await reader.rest()).toEqual([]);
    const refused = await fetch(`${url}/v1/events`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: 'stopping' });
  });

  it('does not hold the receiver when it stops', async () => {
    const beside = await startTestReceiver({ beside: receiver });
    const readersOfIt = [await open(beside.url), await open(beside.url, { query: '?last_event_id=0' })];
    const gone = new AbortController();
    const { headers } = await fetch(`${beside.url}/v1/events`, { signal: gone.signal });
    // Kept open behind the stream, the connection would be waited for.
    expect(headers.get('connection')).toBe('close');
    gone.abort();
    await beside.stop();
    const [live, stale] = await Promise.all(readersOfIt.map((reader) => reader.rest()));
    expect(live).toEqual([]);
    expect(stale?.length).toBeLessThanOrEqual(BLOCKS + 10);
  });
});

describe('the feed of a stream', () => {
  it('reads a page only when somebody takes its blocks', async () => {
    let reads = 0;
    const counted = new Proxy(stored.pool, {
      get(pool, name) {
        if (name === 'query') reads++;
        return Reflect.get(pool, name, pool);
      },
    });
    const feed = new EventsFeed(counted, new Publisher(await loadHead(stored.pool)));
    const blocks = feed.blocksFrom(0, new AbortController().signal);
    for (const index of range(0, 32)) expect((await blocks.next()).value).toMatchObject({ header: { index } });
    expect(reads).toBe(1);
    expect((await blocks.next()).value).toMatchObject({ header: { index: 32 } });
    expect(reads).toBe(2);
    await blocks.return(undefined);
  });

  it('reads once for all who stand at the same block', async () => {
    const publisher = new Publisher(await loadHead(stored.pool));
    const feed = new EventsFeed(stored.pool, publisher);
    const { signal } = new AbortController();
    const [first, second] = [feed.blocksFrom(3, signal), feed.blocksFrom(3, signal)];
    const [one, other] = await Promise.all([first.next(), second.next()]);
    expect(one.value).toBe(other.value);
    expect(one.value).toMatchObject({ header: { index: 3 } });
  });

  it('ends for whoever has gone while it waited', async () => {
    const publisher = new Publisher(await loadHead(stored.pool));
    const gone = new AbortController();
    const next = new EventsFeed(stored.pool, publisher).blocksFrom(publisher.head.header.index + 1, gone.signal).next();
    gone.abort();
    expect(await next).toEqual({ done: true, value: undefined });
  });
});
