// How many clients may read the chain at one time, and what becomes of those who do not read it.

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mustAccept } from '../testing/post-readings.ts';
import { openStoredLedger, type StoredLedger } from '../testing/stored-ledger.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';
import { handleError } from './error-table.ts';
import { type GetChain, getChainRoute } from './get-chain.ts';

/** 24 MB: several times what the sockets of both sides take before a stream waits for its reader. */
const READINGS = 400;
const READING_BYTES = 60_000;

let receiver: TestReceiver;
let stored: StoredLedger;
const apps: FastifyInstance[] = [];
const sockets: Socket[] = [];
const messages = Array.from({ length: READINGS }, (_, n) => {
  const start = `{"device":"large","n":${n},"text":"`;
  return `${start}${'x'.repeat(READING_BYTES - start.length - 2)}"}`;
});

beforeAll(async () => {
  receiver = await startTestReceiver({ variables: { TRANSACTIONS_PER_BLOCK: '150', BLOCK_MAX_WAIT_MS: '50' } });
  stored = await openStoredLedger(receiver);
  const device = makeDevice();
  for (let start = 0; start < READINGS; start += 100) {
    await mustAccept(
      receiver.url,
      `[${messages
        .slice(start, start + 100)
        .map(device.envelope)
        .join(',')}]`,
    );
  }
  await stored.untilSealed({ leaves: READINGS + 1, pending: 0 });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const app of apps.splice(0)) await app.close();
});
afterAll(async () => {
  await stored.close();
  await receiver.stop();
});

async function serve(bounds: Omit<GetChain, 'pool'>): Promise<string> {
  const app = fastify();
  apps.push(app);
  app.setErrorHandler(handleError);
  getChainRoute(app, { pool: stored.pool, ...bounds });
  return app.listen({ host: '127.0.0.1', port: 0 });
}

/** Asks for the chain and takes nothing beyond what the first packet brought. */
async function stall(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  socket.on('error', () => undefined);
  socket.write(`GET /get_chain HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  await once(socket, 'readable');
  return socket;
}

async function ask(url: string): Promise<{ status: number; retryAfter: string | null; text: string }> {
  const response = await fetch(`${url}/get_chain`);
  return { status: response.status, retryAfter: response.headers.get('retry-after'), text: await response.text() };
}
const statusOf = async (url: string) => (await ask(url)).status;

describe('GET /get_chain with many readers', () => {
  it('gives blocks that are larger than a page of leaves, message by message', async () => {
    const { status, text } = await ask(await serve({}));
    expect(status).toBe(200);
    const chain: { data: unknown[] }[] = JSON.parse(text);
    const data = chain.slice(1).flatMap((block) => block.data);
    expect(data).toEqual(messages.map((message) => JSON.parse(message)));
    expect(Math.max(...chain.map((block) => block.data.length))).toBeGreaterThan(64);
    expect(text).toContain(`${messages[1]}, ${messages[2]}`);
  });

  it('asks to come again when as many as may are reading, and lets the next in when one goes away', async () => {
    const url = await serve({ maxStreams: 2 });
    const [first] = [await stall(url), await stall(url)];
    expect(await ask(url)).toMatchObject({
      status: 503,
      retryAfter: expect.stringMatching(/^\d+$/),
      text: expect.stringContaining('ask again soon'),
    });
    first?.destroy();
    await expect.poll(() => statusOf(url), { timeout: 20_000 }).toBe(200);
    // A place is given back once.
    const third = await stall(url);
    expect(await statusOf(url)).toBe(503);
    third.destroy();
    await expect.poll(() => statusOf(url), { timeout: 20_000 }).toBe(200);
  });

  it('cuts a reader that takes nothing, so that the next gets its place', async () => {
    const url = await serve({ maxStreams: 1, stalledMs: 200 });
    const reader = await stall(url);
    await expect.poll(() => statusOf(url), { timeout: 20_000 }).toBe(200);
    const ended = new Promise<void>((resolve) => reader.once('close', () => resolve()));
    reader.resume();
    await ended;
    expect(reader.bytesRead).toBeLessThan((READINGS * READING_BYTES) / 2);
  });

  it('answers HEAD without reading the chain', async () => {
    const url = await serve({ maxStreams: 0 });
    const response = await fetch(`${url}/get_chain`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await statusOf(url)).toBe(503);
  });
});
