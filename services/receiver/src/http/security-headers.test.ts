// Every answer has the headers, whoever makes it: a route, the error table, a parser of bodies, a page's files, a stream.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';

/** As helmet's documentation lists them, less the policy of content. */
const HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'SAMEORIGIN',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
};

let receiver: TestReceiver;
beforeAll(async () => {
  receiver = await startTestReceiver();
});
afterAll(() => receiver.stop());

const post = (body: string, type = 'application/json') => ({ method: 'POST', body, headers: { 'content-type': type } });

describe('security headers', () => {
  it.each([
    ['an answer', 200, '/healthz', {}],
    ['the chain', 200, '/get_chain', {}],
    ['the page', 200, '/apidocs/', {}],
    ['events', 200, '/v1/events', { headers: { accept: 'text/event-stream' } }],
    ['a path that nobody knows', 404, '/nothing', {}],
    ['a body that is refused', 400, '/receive_data', post('{}')],
    ['a body of another type', 415, '/receive_data', post('a', 'text/plain')],
  ])('stand on %s', async (_what, status, path, request) => {
    const stream = new AbortController();
    const response = await fetch(`${receiver.url}${path}`, { ...request, signal: stream.signal });
    const headers = Object.fromEntries(response.headers);
    stream.abort();
    expect(response.status).toBe(status);
    expect(headers).toMatchObject(HEADERS);
  });
});
