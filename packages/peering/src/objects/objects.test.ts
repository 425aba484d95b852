// Submitting and reading objects over HTTP, and the hooks that hear of it.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { oneStoreRing } from '../testing/one-store-ring.ts';
import { until } from '../testing/until.ts';
import { type ObjectServer, objectServers } from './testing/object-server.ts';

const start = objectServers();

const keyOf = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function put(
  at: ObjectServer,
  body: string | Uint8Array<ArrayBuffer>,
  more: { key?: string; headers?: Record<string, string> } = {},
) {
  const path = more.key === undefined ? '' : `/${more.key}`;
  return fetch(`${at.url}/v1/ring/objects${path}`, { method: 'PUT', body, headers: more.headers ?? {} });
}

const get = (at: ObjectServer, key: string, headers: Record<string, string> = {}) =>
  fetch(`${at.url}/v1/ring/objects/${key}`, { headers });

describe('an object', () => {
  it('is put under its SHA-256 and read again as the same bytes', async () => {
    const at = await start();
    const object = Uint8Array.from([0, 255, 1, 13, 10, 34]);
    const stored = await put(at, object);
    expect(stored.status).toBe(201);
    expect(stored.headers.get('location')).toBe(`/v1/ring/objects/${keyOf(object)}`);
    expect(await stored.json()).toEqual({ key: keyOf(object), receipts: [] });

    const found = await get(at, keyOf(object));
    expect(found.status).toBe(200);
    expect(new Uint8Array(await found.arrayBuffer())).toEqual(object);
    expect(Object.fromEntries(found.headers)).toMatchObject({
      etag: `"${keyOf(object)}"`,
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
    });
    expect((await get(at, keyOf(object), { 'if-none-match': `"${keyOf(object)}"` })).status).toBe(304);
  });

  it('keeps its bytes whatever their content type says, also JSON that is none', async () => {
    const at = await start();
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x', 'application/x-unknown']) {
      const body = `{"not": json, ${type}`;
      expect((await put(at, body, { headers: { 'content-type': type } })).status).toBe(201);
      expect(await (await get(at, keyOf(body))).text()).toBe(body);
    }
  });

  it('may be put under a key that is known, which must be its SHA-256', async () => {
    const at = await start();
    expect((await put(at, 'known', { key: keyOf('known') })).status).toBe(201);
    for (const key of [keyOf('other'), keyOf('known').toUpperCase(), 'short']) {
      const refused = await put(at, 'known', { key });
      expect(refused.status).toBe(400);
      expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(await refused.json()).toMatchObject({ type: 'about:blank', status: 400, code: 'object-key' });
    }
  });

  it('has from 1 byte to the limit', async () => {
    const at = await start({ limits: { objectBytes: 100 } });
    expect((await put(at, 'x'.repeat(100))).status).toBe(201);
    expect((await put(at, 'x'.repeat(101))).status).toBe(413);
    const empty = await put(at, '');
    expect(empty.status).toBe(400);
    expect(await empty.json()).toMatchObject({ code: 'object-empty' });
    expect(await at.objects.submit(new Uint8Array(101))).toMatchObject({ ok: false, code: 'object-too-large' });
  });

  it('is not found where nobody has it, and not given where it is longer than an object', async () => {
    const long = Buffer.alloc(101);
    const ring = oneStoreRing();
    await ring.putValue(long);
    const at = await start({ ring, limits: { objectBytes: 100 } });
    for (const key of [keyOf('never'), keyOf(long)]) {
      const missing = await get(at, key);
      expect(missing.status).toBe(404);
      expect(missing.headers.get('cache-control')).toBe('no-store');
      expect(await missing.json()).toMatchObject({ code: 'object-not-found' });
    }
    expect((await get(at, 'no-key')).status).toBe(400);
  });

  it('is asked for again later while the ring cannot say, or cannot store', async () => {
    const { putValue } = oneStoreRing();
    const ring = oneStoreRing({
      getValue: async () => 'unavailable',
      putValue: async (bytes) => ({ ...(await putValue(bytes)), outcome: 'failed' }),
    });
    const at = await start({ ring });
    for (const [answer, code] of [
      [await get(at, keyOf('x')), 'ring-unavailable'],
      [await put(at, 'x'), 'object-not-stored'],
    ] as const) {
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await answer.json()).toMatchObject({ code });
    }
  });

  it('is taken only with the token, where there is one, and read by everybody', async () => {
    const at = await start({ token: 'a secret' });
    const at2 = { authorization: 'Bearer a' };
    for (const headers of [{}, at2, { authorization: 'Basic YTpi' }]) {
      for (const key of [undefined, keyOf('x')]) {
        const refused = await put(at, 'x', key === undefined ? { headers } : { headers, key });
        expect(refused.status).toBe(401);
        expect(refused.headers.get('www-authenticate')).toBe('Bearer');
      }
    }
    expect((await get(at, keyOf('x'))).status).toBe(404);
    await at.stop();
    const other = await start({ token: 'secret' });
    expect((await put(other, 'x', { headers: { authorization: 'Bearer secret' } })).status).toBe(201);
    expect((await get(other, keyOf('x'))).status).toBe(200);
  });

  it('waits for nobody: with too many puts or reads under way, more are told to come again', async () => {
    const release: (() => void)[] = [];
    const held = () => new Promise<void>((resolve) => release.push(resolve));
    const { putValue, getValue } = oneStoreRing();
    const ring = oneStoreRing({
      putValue: (bytes) => held().then(() => putValue(bytes)),
      getValue: (key) => held().then(() => getValue(key)),
    });
    const at = await start({ ring, limits: { putsAtOnce: 1, readsAtOnce: 1 } });
    const first = put(at, 'x');
    await until(() => release.length === 1, 'the put is under way');
    expect((await put(at, 'y')).status).toBe(503);
    const read = get(at, keyOf('x'));
    await until(() => release.length === 2, 'the read is under way');
    expect(await (await get(at, keyOf('x'))).json()).toMatchObject({ code: 'overloaded' });
    for (const go of release.splice(0)) go();
    expect((await first).status).toBe(201);
    expect((await read).status).toBe(200);
    const again = get(at, keyOf('x'));
    await until(() => release.length === 1, 'there is room for a read');
    for (const go of release.splice(0)) go();
    expect((await again).status).toBe(200);
    const second = put(at, 'y');
    await until(() => release.length === 1, 'there is room for a put');
    for (const go of release.splice(0)) go();
    expect((await second).status).toBe(201);
  });
});

describe('the hooks', () => {
  it('tell what was stored and read, until they are taken off, and a listener that throws hinders nobody', async () => {
    const at = await start();
    const heard: unknown[] = [];
    const fault = new Error('a listener’s own fault');
    at.hooks.on('stored', () => {
      throw fault;
    });
    const offs = [
      at.hooks.on('stored', (event) => heard.push(['stored', event])),
      at.hooks.on('read', (event) => heard.push(['read', event])),
    ];
    const key = keyOf('heard');
    expect(await at.objects.submit(Buffer.from('heard'))).toMatchObject({ ok: true, value: { key } });
    await get(at, key);
    await get(at, keyOf('unheard of'));
    const sizeBytes = 5;
    expect(heard).toEqual([
      ['stored', { key, sizeBytes, receipts: [] }],
      ['read', { key, sizeBytes }],
    ]);
    expect(at.failures).toEqual([fault]);
    for (const off of offs) off();
    await get(at, key);
    expect(heard).toHaveLength(2);
  });
});
