// The client against real servers, those that answer as a receiver does and those that do not.

import type { IncomingMessage, RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { answerOf } from './answer-of.ts';
import { type ClientOptions, createClient, type ReceiverClient } from './client.ts';
import { startTestServer } from './testing/test-server.ts';

const LEDGER = { origin: 'example.org/ledger', head: { index: 1 } };
const KEY_ID = '7a'.repeat(32);

async function clientOf(
  listener: RequestListener,
  options: Partial<ClientOptions> & { path?: string } = {},
): Promise<ReceiverClient> {
  const { path = '', ...bounds } = options;
  const url = await startTestServer(listener);
  return createClient(`${url}${path}`, { timeoutMs: 30_000, maxAnswerBytes: 1_000, ...bounds });
}

function json(body: unknown, status = 200): RequestListener {
  return (_request, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

describe('a request', () => {
  it('goes to the path below the base, with its parameters in place', async () => {
    const seen: IncomingMessage[] = [];
    const client = await clientOf(
      (request, response) => {
        seen.push(request);
        json({ readings: [] })(request, response);
      },
      { path: '/telltale/', headers: { authorization: 'Bearer token' } },
    );
    await client.GET('/v1/readings', { params: { query: { device: 'Kühlraum 1', limit: 2 } } });
    await client.GET('/v1/keys/{key_id}', { params: { path: { key_id: KEY_ID } } });
    expect(seen.map(({ method, url }) => [method, url])).toEqual([
      ['GET', '/telltale/v1/readings?device=K%C3%BChlraum%201&limit=2'],
      ['GET', `/telltale/v1/keys/${KEY_ID}`],
    ]);
    expect(seen[0]?.headers.authorization).toBe('Bearer token');
  });

  it('brings the answer, as JSON or as text', async () => {
    const client = await clientOf(json(LEDGER));
    expect(await answerOf(client.GET('/v1/ledger'))).toEqual(LEDGER);
    expect(await answerOf(client.GET('/checkpoint', { parseAs: 'text' }))).toBe(JSON.stringify(LEDGER));
  });

  it('with a body sends it as JSON', async () => {
    const client = await clientOf((request, response) => {
      request.setEncoding('utf8').once('data', (body: string) => {
        json({ token: `${request.method} ${request.headers['content-type']} ${body}`, expires_at: 1 }, 201)(
          request,
          response,
        );
      });
    });
    const { token } = await answerOf(client.POST('/v1/invites', { body: { devices: ['fridge'], expires_in_s: 60 } }));
    expect(token).toBe('POST application/json {"devices":["fridge"],"expires_in_s":60}');
  });
});

describe('an answer that says no', () => {
  it('is thrown with its status, code, words and Retry-After', async () => {
    const problem = {
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      detail: 'come again',
      code: 'overloaded',
    };
    const client = await clientOf((_request, response) => {
      response
        .writeHead(503, { 'content-type': 'application/problem+json', 'retry-after': '7' })
        .end(JSON.stringify(problem));
    });
    await expect(client.GET('/v1/ledger')).rejects.toMatchObject({
      name: 'ProblemError',
      status: 503,
      code: 'overloaded',
      detail: 'come again',
      retryAfter: '7',
      body: problem,
      message: expect.stringMatching(/^http:.+\/v1\/ledger answered 503: come again$/),
    });
  });

  it('of something else than a receiver is thrown with its status', async () => {
    const client = await clientOf((_request, response) => response.writeHead(404).end('<html>'));
    await expect(client.GET('/v1/ledger')).rejects.toMatchObject({ status: 404, code: undefined, detail: 'Not Found' });
  });
});

describe('a request without an answer that can be used', () => {
  it('ends after its time, also in the middle of an answer', async () => {
    const client = await clientOf((_request, response) => response.writeHead(200).write('{'), { timeoutMs: 200 });
    await expect(client.GET('/v1/ledger')).rejects.toMatchObject({ name: 'ExchangeError', code: 'timed-out' });
  });

  it('ends with the signal of the client or its own', async () => {
    const all = new AbortController();
    const one = new AbortController();
    const listener: RequestListener = ({ url }) => (url === '/checkpoint' ? all : one).abort();
    const client = await clientOf(listener, { signal: all.signal });
    await expect(client.GET('/v1/ledger', { signal: one.signal })).rejects.toMatchObject({ code: 'stopped' });
    await expect(client.GET('/checkpoint')).rejects.toMatchObject({ code: 'stopped' });
  });

  it('reads no more than it may', async () => {
    const client = await clientOf((_request, response) => response.end(Buffer.alloc(1_001)));
    await expect(client.GET('/v1/ledger')).rejects.toMatchObject({ code: 'answer-too-long' });
  });

  it('says that nobody is there', async () => {
    const client = await clientOf((_request, response) => response.destroy());
    await expect(client.GET('/v1/ledger')).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('follows no redirect', async () => {
    const paths: (string | undefined)[] = [];
    const client = await clientOf(({ url }, response) => {
      paths.push(url);
      response.writeHead(302, { location: '/checkpoint' }).end();
    });
    await expect(client.GET('/v1/ledger')).rejects.toMatchObject({ code: 'unreachable' });
    expect(paths).toEqual(['/v1/ledger']);
  });

  it.each(['', 'no JSON'])('is malformed where the answer is %j', async (text) => {
    const client = await clientOf((_request, response) => response.end(text));
    await expect(answerOf(client.GET('/v1/ledger'))).rejects.toMatchObject({ code: 'answer-malformed' });
  });
});
