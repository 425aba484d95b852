// Readings as programs ask for them: one by its id, or pages of the log between two received times.

import { decodeLeaf, leafHash, toHex } from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mustAccept } from '../testing/post-readings.ts';
import { type SealedLog, startSealedLog } from '../testing/sealed-log.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver } from '../testing/test-receiver.ts';

let log: SealedLog;
beforeAll(async () => {
  log = await startSealedLog(130);
});
afterAll(() => log.stop());

const page = z.object({
  readings: z.array(
    z.looseObject({
      leaf_index: z.number(),
      received_at: z.number(),
      kind: z.string(),
      transaction_id: z.string(),
      data: z.unknown(),
    }),
  ),
});
type Page = z.infer<typeof page>['readings'];

async function getPage(query: string): Promise<{ readings: Page; next: string | undefined }> {
  const response = await fetch(`${log.receiver.url}/v1/readings?${query}`);
  expect(response.status).toBe(200);
  const next = /<\/v1\/readings\?([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
  return { readings: page.parse(await response.json()).readings, next };
}

async function getAll(query: string): Promise<Page> {
  const all: Page = [];
  for (let next: string | undefined = query; next !== undefined; ) {
    const got = await getPage(next);
    all.push(...got.readings);
    next = got.next;
  }
  return all;
}

describe('GET /v1/readings/{transaction_id}', () => {
  it('gives the reading with its block, and its message byte for byte', async () => {
    const receipt = log.receipts[61];
    const response = await fetch(`${log.receiver.url}/v1/readings/${receipt?.transaction_id}`);
    const text = await response.text();
    const bytes = log.leaves[receipt?.leaf_index ?? 0] ?? new Uint8Array(0);
    const leaf = decodeLeaf(bytes);
    if (!leaf.ok) throw new Error(leaf.message);
    expect(text).toContain(`"data":${Buffer.from(leaf.value.message).toString()}}`);
    const { rows } = await log.stored.pool.query<{ block_index: bigint; header: Buffer }>(
      'SELECT block_index, header FROM blocks WHERE log_size > $1 ORDER BY log_size LIMIT 1',
      [receipt?.leaf_index],
    );
    const sent = 1_700_000_061_500_000;
    expect(JSON.parse(text)).toEqual({
      transaction_id: receipt?.transaction_id,
      leaf_index: receipt?.leaf_index,
      leaf_hash: toHex(leafHash(bytes)),
      kind: 'reading',
      device: 'pump 1 é',
      seq: 61,
      key_id: toHex(leaf.value.keyId),
      algorithm: 'ecdsa-p256',
      received_at: receipt?.received_at,
      signature: Buffer.from(leaf.value.signature).toString('base64'),
      state: 'sealed',
      block_index: Number(rows[0]?.block_index),
      sealed_at: Number(rows[0]?.header.readBigUInt64BE(44)),
      clock_offset: sent - (receipt?.received_at ?? 0),
      data: { device: 'pump 1 é', seq: 61, timestamp: 1_700_000_061.5 },
    });
  });

  it('names the key’s own device where the reading names none', async () => {
    const answer: unknown = await (
      await fetch(`${log.receiver.url}/v1/readings/${log.receipts[63]?.transaction_id}`)
    ).json();
    const { device, key_id: keyId } = z.object({ device: z.string(), key_id: z.string() }).parse(answer);
    expect(device).toBe(keyId.slice(0, 16));
  });

  it('gives leaves of the registry by their leaf hash, without a device', async () => {
    const index = log.leaves.findIndex((leaf) => leaf[0] === 3);
    const id = toHex(leafHash(log.leaves[index] ?? new Uint8Array(0)));
    expect(await (await fetch(`${log.receiver.url}/v1/readings/${id}`)).json()).toMatchObject({
      kind: 'key-revoked',
      leaf_index: index,
      device: null,
      seq: null,
      clock_offset: null,
      data: { authority: expect.any(String) },
    });
  });

  it('is a 404 for what was never accepted, and a 400 for what is no id', async () => {
    expect((await fetch(`${log.receiver.url}/v1/readings/${'0'.repeat(64)}`)).status).toBe(404);
    expect((await fetch(`${log.receiver.url}/v1/readings/0`)).status).toBe(400);
  });
});

describe('GET /v1/readings', () => {
  it('gives every reading once, in order and without registry leaves, at any size of page', async () => {
    const indexes = log.leaves.flatMap((leaf, i) => (leaf[0] === 1 ? [i] : []));
    for (const limit of [1, 7, 100, 1000]) {
      const all = await getAll(`limit=${limit}`);
      expect(all.map((one) => one.leaf_index)).toEqual(indexes);
      expect(new Set(all.map((one) => one.kind))).toEqual(new Set(['reading']));
    }
  });

  it('gives a hundred where no limit is named, and proofs only where they are asked for', async () => {
    const { readings, next } = await getPage('');
    expect(readings).toHaveLength(100);
    expect(readings[0]).not.toHaveProperty('proof');
    expect(next).toContain('after=');
  });

  it('gives those that were received at `from` or later and before `to`', async () => {
    const all = await getAll('');
    const times = all.map((one) => one.received_at);
    const [first = 0, last = 0] = [times[0], times.at(-1)];
    const middle = times[70] ?? 0;
    for (const [from, to] of [
      [first, last],
      [first, last + 1],
      [middle, last + 1],
      [middle + 1, last],
      [first - 1, middle],
      [last + 1, last + 2],
      [0, first],
      [middle, middle],
    ] as const) {
      const wanted = all.filter((one) => one.received_at >= from && one.received_at < to);
      const got = await getAll(`from=${from}&to=${to}&limit=9`);
      expect(
        got.map((one) => one.leaf_index),
        `${from} to ${to}`,
      ).toEqual(wanted.map((one) => one.leaf_index));
    }
  });

  it.each(['limit=0', 'limit=1001', 'limit=ten', 'from=-1', 'after=1.5', 'proof=yes'])(
    'is a 400 for %s',
    async (query) => {
      expect((await fetch(`${log.receiver.url}/v1/readings?${query}`)).status).toBe(400);
    },
  );

  it('ends a page early where readings are large, and goes on behind it', async () => {
    const receiver = await startTestReceiver();
    try {
      const device = makeDevice();
      const envelopes = Array.from({ length: 40 }, (_, n) =>
        device.envelope(`{"n":${n},"text":"${'x'.repeat(60_000)}"}`),
      );
      await mustAccept(receiver.url, `[${envelopes.join(',')}]`);
      const seen: number[] = [];
      let pages = 0;
      for (let path: string | undefined = '/v1/readings'; path !== undefined; pages++) {
        const response: Response = await fetch(`${receiver.url}${path}`);
        const { readings } = z
          .object({ readings: z.array(z.object({ data: z.object({ n: z.number() }) })) })
          .parse(await response.json());
        seen.push(...readings.map((one) => one.data.n));
        path = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
      }
      expect(seen).toEqual(Array.from({ length: 40 }, (_, n) => n));
      expect(pages).toBeGreaterThan(2);
    } finally {
      await receiver.stop();
    }
  });
});
