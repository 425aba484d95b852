// How much of requests' bodies is in memory at one time: what is announced, what is worked on, and what is free again.

import { once } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { connect, Socket } from 'node:net';
import fastify, { type FastifyRequest } from 'fastify';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { mustAccept, postReadings } from '../testing/post-readings.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';
import { BodyBudget } from './body-budget.ts';
import { handleError } from './error-table.ts';
import { receiveDataRoute } from './receive-data.ts';

const MIB = 1024 * 1024;

/** A request of which only the headers have come, and its answer. */
function announce(headers: Record<string, string>): { request: IncomingMessage; response: ServerResponse } {
  const request = new IncomingMessage(new Socket());
  Object.assign(request.headers, headers);
  return { request, response: new ServerResponse(request) };
}
const ofLength = (sizeBytes: number) => announce({ 'content-length': String(sizeBytes) });

describe('BodyBudget', () => {
  const reserve = (budget: BodyBudget, { request, response }: ReturnType<typeof announce>) =>
    budget.reserve(request, response);
  const isFull = (budget: BodyBudget, sizeBytes = 1) => {
    const probe = ofLength(sizeBytes);
    try {
      reserve(budget, probe);
      probe.response.emit('close');
      return false;
    } catch (error) {
      expect(error).toMatchObject({ code: 'overloaded' });
      return true;
    }
  };

  it('holds 32 MB of bodies, or two of the largest', () => {
    const ordinary = new BodyBudget(8 * MIB);
    reserve(ordinary, ofLength(8 * MIB));
    expect(isFull(ordinary, 8 * MIB)).toBe(false);
    for (let i = 0; i < 3; i++) reserve(ordinary, ofLength(8 * MIB));
    expect(isFull(ordinary)).toBe(true);
    const large = new BodyBudget(100 * MIB);
    reserve(large, ofLength(100 * MIB));
    reserve(large, ofLength(100 * MIB));
    expect(isFull(large)).toBe(true);
  });

  it('counts a body that does not say its length as the largest, and none as nothing', () => {
    const budget = new BodyBudget(32 * MIB);
    const chunked = () => announce({ 'transfer-encoding': 'chunked' });
    reserve(budget, chunked());
    reserve(budget, announce({}));
    expect(isFull(budget, 32 * MIB)).toBe(false);
    reserve(budget, chunked());
    expect(isFull(budget)).toBe(true);
    reserve(budget, announce({}));
  });

  it('leaves a body that is too long to be read out of account', () => {
    const budget = new BodyBudget(32 * MIB);
    for (let i = 0; i < 10; i++) reserve(budget, ofLength(32 * MIB + 1));
    expect(isFull(budget, 32 * MIB)).toBe(false);
  });

  it('has room again, once, when the work is done and when the answer is over', async () => {
    const budget = new BodyBudget(32 * MIB);
    const [one, other] = [ofLength(32 * MIB), ofLength(32 * MIB)];
    reserve(budget, one);
    reserve(budget, other);
    expect(await budget.work(one.request, async () => 'done')).toBe('done');
    expect(isFull(budget, 32 * MIB)).toBe(false);
    one.response.emit('close');
    expect(isFull(budget, 32 * MIB)).toBe(false);
    reserve(budget, ofLength(32 * MIB));
    expect(isFull(budget)).toBe(true);
    other.response.emit('close');
    expect(isFull(budget, 32 * MIB)).toBe(false);
  });

  it('keeps the room of a body that is worked on for a client that has gone', async () => {
    const budget = new BodyBudget(32 * MIB);
    const one = ofLength(32 * MIB);
    reserve(budget, one);
    reserve(budget, ofLength(32 * MIB));
    let fail: (error: Error) => void = () => undefined;
    const work = budget.work(one.request, () => new Promise((_, reject) => (fail = reject)));
    one.response.emit('close');
    expect(isFull(budget)).toBe(true);
    fail(new Error('the work failed'));
    await expect(work).rejects.toThrow('the work failed');
    expect(isFull(budget, 32 * MIB)).toBe(false);
  });
});

describe('POST /receive_data', () => {
  let receiver: TestReceiver;
  const sockets: Socket[] = [];
  beforeAll(async () => {
    receiver = await startTestReceiver({ variables: { BLOCK_MAX_WAIT_MS: '50' } });
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });
  afterAll(() => receiver.stop());

  /** Says that a body will come, and sends nothing of it. The receiver knows of it once this returns: it has asked for the body. */
  async function announceTo(url: string, header: string): Promise<Socket> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    sockets.push(socket);
    const headers = ['Content-Type: application/json', 'Expect: 100-continue', header];
    socket.write(`POST /receive_data HTTP/1.1\r\nHost: ${hostname}\r\n${headers.join('\r\n')}\r\n\r\n`);
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    return socket;
  }
  const device = makeDevice();
  const post = () => postReadings(receiver.url, device.envelope('{"device":"d"}'));
  const statusOf = async () => (await post()).statusCode;

  it.each(['Content-Length: 8388608', 'Transfer-Encoding: chunked'])(
    'asks to come again while four of the largest bodies arrive (%s), and takes readings when one has gone',
    async (header) => {
      await expect.poll(statusOf, { timeout: 10_000 }).toBe(200);
      const arriving = await Promise.all(Array.from({ length: 4 }, () => announceTo(receiver.url, header)));
      const refused = await post();
      expect(refused).toMatchObject({ status: 'error', message: expect.stringContaining('send again soon') });
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
      arriving[0]?.destroy();
      await expect.poll(statusOf, { timeout: 10_000 }).toBe(200);
    },
  );

  it('gives the room of refused bodies back', async () => {
    await expect.poll(statusOf, { timeout: 10_000 }).toBe(200);
    const malformed = new Uint8Array(8 * MIB).fill(0x20);
    for (let i = 0; i < 6; i++) expect((await postReadings(receiver.url, malformed)).statusCode).toBe(400);
    for (let i = 0; i < 6; i++) {
      const contentType = 'text/plain';
      expect((await postReadings(receiver.url, malformed, { contentType })).statusCode).toBe(415);
    }
    expect(await statusOf()).toBe(200);
  });

  it('holds neither the body nor its room while it waits for sealing', async () => {
    const [receipt] = await mustAccept(receiver.url, device.envelope('{}'));
    if (!receipt) throw new Error('a receipt is missing');
    const seen: FastifyRequest[] = [];
    let seal: (blocks: Map<number, number>) => void = () => undefined;
    let waiting = 0;
    const sealed = new Promise<Map<number, number>>((resolve) => (seal = resolve));
    const app = fastify();
    app.setErrorHandler(handleError);
    app.addHook('preHandler', async (request) => {
      seen.push(request);
    });
    receiveDataRoute(app, {
      maxBodyBytes: 16 * MIB,
      receive: async (body) => {
        expect(body).toHaveLength(16 * MIB);
        return [receipt];
      },
      requireQuorum: () => undefined,
      untilReplicated: async () => undefined,
      untilSealed: () => {
        waiting++;
        return sealed;
      },
    });
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    try {
      const body = new Uint8Array(16 * MIB).fill(0x20);
      const answers: ReturnType<typeof postReadings>[] = [];
      // The budget is that of two.
      for (let i = 1; i <= 4; i++) {
        answers.push(postReadings(url, body, { query: '?wait=sealed' }));
        await expect.poll(() => waiting, { timeout: 10_000 }).toBe(i);
      }
      expect(seen.map((request) => request.body)).toEqual([undefined, undefined, undefined, undefined]);
      seal(new Map());
      for (const answer of await Promise.all(answers)) expect(answer.statusCode).toBe(200);
    } finally {
      seal(new Map());
      await app.close();
    }
  });
});
