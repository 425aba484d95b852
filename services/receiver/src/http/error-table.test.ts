// The one error handler: status, Retry-After and the two shapes of an answer, for errors of every kind.

import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { ReceiverError, type ReceiverErrorCode } from '../errors.ts';
import { handleError, handleNotFound } from './error-table.ts';

/** What a server answers at `path` whose handler throws this. */
async function answerTo(error: Error, path = '/receive_data') {
  const app = fastify();
  app.setErrorHandler(handleError);
  app.setNotFoundHandler(handleNotFound);
  app.get(path, () => Promise.reject(error));
  const response = await app.inject({ url: path });
  await app.close();
  return response;
}

const secret = 'postgresql://user:word@host/db';

describe('an error', () => {
  const cases: [ReceiverErrorCode, number][] = [
    ['body-malformed', 400],
    ['envelopes-refused', 400],
    ['envelope-too-large', 413],
    ['too-many-envelopes', 413],
    ['overloaded', 503],
    ['not-stored', 503],
    ['stopping', 503],
    ['head-moved', 503],
    ['ledger-mismatch', 500],
    ['ledger-key', 500],
    ['difficulty-fell', 500],
    ['edge-mismatch', 500],
  ];
  it.each(cases)('%s is answered with %i, with Retry-After only if it may pass', async (code, status) => {
    const faults = [{ position: 3, code: 'why', message: 'because' }];
    const { statusCode, headers, json } = await answerTo(new ReceiverError(code, 'said so', { faults }));
    expect(statusCode).toBe(status);
    expect(headers['retry-after']).toBe(status === 503 ? '1' : undefined);
    const message = status === 500 ? 'the receiver cannot do this now; its log says why' : 'said so';
    expect(json()).toEqual({ status: 'error', message, errors: faults });
  });

  it('of an unknown kind reveals nothing', async () => {
    const { statusCode, payload } = await answerTo(new Error(secret));
    expect(statusCode).toBe(500);
    expect(JSON.parse(payload)).toEqual({ status: 'error', message: 'internal error', errors: [] });
  });

  it('that is fatal reveals nothing of its message or its cause', async () => {
    const error = new ReceiverError('ledger-key', secret, { cause: new Error(secret) });
    expect((await answerTo(error)).payload).not.toContain('word');
  });

  it('for want of a token names the scheme in which one is given', async () => {
    const { statusCode, headers } = await answerTo(new ReceiverError('not-authorized', 'a token'), '/v1/thing');
    expect([statusCode, headers['www-authenticate']]).toEqual([401, 'Bearer']);
    const { headers: others } = await answerTo(new ReceiverError('envelopes-forbidden', 'no'), '/v1/thing');
    expect(others).not.toHaveProperty('www-authenticate');
  });

  it('says which content type a body goes as', async () => {
    const app = fastify();
    app.setErrorHandler(handleError);
    app.post('/receive_data', () => 'taken');
    const sent = { method: 'POST', url: '/receive_data', payload: 'x', headers: { 'content-type': 'a/b' } } as const;
    const { statusCode, json } = await app.inject(sent);
    await app.close();
    expect(statusCode).toBe(415);
    expect(json()).toMatchObject({ message: 'the body goes as application/json' });
  });

  it('is problem+json outside of the plain face', async () => {
    const { statusCode, headers, json } = await answerTo(new ReceiverError('overloaded', 'come again'), '/v1/thing');
    expect(statusCode).toBe(503);
    expect(headers).toMatchObject({
      'retry-after': '1',
      'content-type': expect.stringMatching(/^application\/problem\+json/),
    });
    expect(json()).toEqual({
      type: 'about:blank',
      title: 'Service Unavailable',
      status: 503,
      detail: 'come again',
      code: 'overloaded',
    });
  });
});

describe('a path that is not there', () => {
  it('is a 404 in problem+json that names it, without its query', async () => {
    const app = fastify();
    app.setErrorHandler(handleError);
    app.setNotFoundHandler(handleNotFound);
    const { statusCode, headers, json } = await app.inject({ method: 'POST', url: '/nothing?token=x' });
    await app.close();
    expect(statusCode).toBe(404);
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(json()).toMatchObject({ status: 404, code: 'not-found', detail: 'there is no POST /nothing' });
  });
});
