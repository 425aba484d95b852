// One exchange with a real server that answers as no receiver does.

import { createServer, type RequestListener } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { exchange } from './receiver-http.ts';

async function exchangeWith(answer: RequestListener, options: { timeoutMs?: number; signal?: AbortSignal } = {}) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP port');
  const url = new URL(`http://127.0.0.1:${address.port}/receive_data`);
  const { timeoutMs = 20_000, signal = new AbortController().signal } = options;
  return exchange({ url, body: '{}', timeoutMs, signal });
}

it('gives status, Retry-After and the JSON of the answer', async () => {
  const answer = await exchangeWith((request, response) => {
    response.writeHead(503, { 'retry-after': '7' });
    response.end(JSON.stringify({ method: request.method, length: request.headers['content-length'] }));
  });
  expect(answer).toEqual({ kind: 'answered', status: 503, retryAfter: '7', json: { method: 'POST', length: '2' } });
});

it('gives up an answer that begins and does not end', async () => {
  const answer = await exchangeWith((_request, response) => response.write('{'), { timeoutMs: 200 });
  expect(answer).toEqual({ kind: 'unreachable', reason: 'the receiver did not answer in time' });
});

it('ends an answer that is being read when it is stopped', async () => {
  const stopping = new AbortController();
  const listener: RequestListener = (_request, response) => {
    response.write('{');
    stopping.abort();
  };
  expect(await exchangeWith(listener, { signal: stopping.signal })).toEqual({
    kind: 'unreachable',
    reason: 'the request was stopped',
  });
});

it('does not take an answer that was cut off for a whole one', async () => {
  const answer = await exchangeWith((_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{}', () => response.destroy());
  });
  expect(answer).toEqual({ kind: 'unreachable', reason: 'the receiver cannot be reached: ECONNRESET' });
});

it('reads no more of an answer than it can keep', async () => {
  const answer = await exchangeWith((_request, response) => response.end(Buffer.alloc(9 * 1024 * 1024, 0x20)));
  expect(answer).toMatchObject({ kind: 'unreachable', reason: expect.stringContaining('longer than 8388608 bytes') });
});
