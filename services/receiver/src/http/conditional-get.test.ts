// Answers with an ETag, from a running receiver: the same answer a second time is a 304, another one is not.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustAccept } from '../testing/post-readings.ts';
import { type SealedLog, startSealedLog } from '../testing/sealed-log.ts';
import { makeDevice } from '../testing/test-device.ts';

let log: SealedLog;
beforeAll(async () => {
  log = await startSealedLog(120);
});
afterAll(() => log.stop());

function get(path: string, etag?: string, method = 'GET'): Promise<Response> {
  return fetch(`${log.receiver.url}${path}`, { method, headers: etag === undefined ? {} : { 'if-none-match': etag } });
}

/** Whose bytes change only where the log grows or its registry changes. */
function pathsOf(): string[] {
  const [receipt] = log.receipts;
  return [
    '/checkpoint',
    '/tile/0/000.p/20',
    '/tile/entries/000.p/20',
    '/v1/ledger',
    '/v1/consistency?from=3&to=20',
    `/v1/readings/${receipt?.transaction_id}`,
    `/v1/readings/${receipt?.transaction_id}/proof`,
    '/v1/readings?limit=10&proof=1',
    '/v1/blocks?limit=3',
    '/v1/blocks/1',
    '/v1/devices',
    '/v1/devices/pump%201%20%C3%A9',
  ];
}

describe('an answer with an ETag', () => {
  it('is a 304 without a body for who has it, and the same tag again', async () => {
    for (const path of pathsOf()) {
      const first = await get(path);
      const etag = first.headers.get('etag') ?? '';
      expect([path, first.status, etag]).toEqual([path, 200, expect.stringMatching(/^"[\w-]{22}"$/)]);
      for (const known of [etag, `W/${etag}`, `"another", ${etag}`, '*']) {
        const again = await get(path, known);
        expect([path, again.status, await again.text(), again.headers.get('etag')]).toEqual([path, 304, '', etag]);
        expect(again.headers.get('cache-control')).toBe(first.headers.get('cache-control'));
        expect(again.headers.get('content-type')).toBeNull();
      }
      expect((await get(path, '"another"')).status).toBe(200);
      const head = await get(path, undefined, 'HEAD');
      expect([path, head.headers.get('etag')]).toEqual([path, etag]);
    }
  });

  it('has another tag once it says something else', async () => {
    const tagsOf = async () =>
      (await Promise.all(['/checkpoint', '/v1/ledger'].map((path) => get(path)))).map((one) => one.headers.get('etag'));
    const before = await tagsOf();
    const stays = (await get('/v1/blocks/1')).headers.get('etag');
    await mustAccept(log.receiver.url, makeDevice().envelope('{"n":1}'), '?wait=sealed');
    const after = await tagsOf();
    expect(after.filter((tag, i) => tag === before[i])).toEqual([]);
    expect((await get('/v1/blocks/1')).headers.get('etag')).toBe(stays);
  });

  it('is none where it is an error', async () => {
    const answer = await get('/v1/blocks/999999', '*');
    expect([answer.status, answer.headers.get('etag')]).toEqual([404, null]);
  });
});
