// The device filter of GET /v1/readings: one device's sealed readings, page by page. The rest of that route is in readings.test.ts.

import { checkProof, formatVerifierKey, parseVerifierKey, proofFromJson } from '@telltale/ledger';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { problemOf, untilAllSealed } from '../testing/device-requests.ts';
import { mustAccept } from '../testing/post-readings.ts';
import { openStoredLedger, type StoredLedger } from '../testing/stored-ledger.ts';
import { makeDevice } from '../testing/test-device.ts';
import { startTestReceiver, type TestReceiver } from '../testing/test-receiver.ts';

describe('GET /v1/readings?device=', () => {
  const page = z.object({
    readings: z.array(
      z.looseObject({ device: z.string(), seq: z.number(), received_at: z.number(), proof: z.unknown().optional() }),
    ),
  });
  let receiver: TestReceiver;
  let stored: StoredLedger;

  beforeAll(async () => {
    receiver = await startTestReceiver({ variables: { TRANSACTIONS_PER_BLOCK: '6', BLOCK_MAX_WAIT_MS: '0' } });
    stored = await openStoredLedger(receiver);
    const device = makeDevice();
    for (let start = 0; start < 120; start += 40) {
      const envelopes = Array.from({ length: 40 }, (_, i) =>
        device.envelope(`{"device":"pump/${i % 2}","seq":${start + i}}`),
      );
      await mustAccept(receiver.url, `[${envelopes.join(',')}]`);
    }
    await untilAllSealed(stored);
  });
  afterAll(async () => {
    await stored.close();
    await receiver.stop();
  });

  async function readAll(query: string): Promise<z.infer<typeof page>['readings']> {
    const readings = [];
    for (let path: string | undefined = `/v1/readings?${query}`; path !== undefined; ) {
      const answer: Response = await fetch(`${receiver.url}${path}`);
      expect(answer.status).toBe(200);
      readings.push(...page.parse(await answer.json()).readings);
      path = /^<(.*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1];
    }
    return readings;
  }

  it.each([1, 7, 60, 1_000])('gives that device’s readings alone, each once and in order, %i a page', async (limit) => {
    const readings = await readAll(`device=${encodeURIComponent('pump/1')}&limit=${limit}`);
    expect(readings.map(({ seq }) => seq)).toEqual(Array.from({ length: 60 }, (_, i) => 2 * i + 1));
    expect(new Set(readings.map(({ device }) => device))).toEqual(new Set(['pump/1']));
  });

  it('gives proofs, and keeps to the received times', async () => {
    const all = await readAll('device=pump%2F0');
    const [from, to] = [all[20]?.received_at ?? 0, all[40]?.received_at ?? 0];
    const some = await readAll(`device=pump%2F0&from=${from}&to=${to}&limit=3&proof=1`);
    const expected = all.filter((reading) => reading.received_at >= from && reading.received_at < to);
    expect(expected.length).toBeGreaterThan(0);
    expect(some.map(({ seq }) => seq)).toEqual(expected.map(({ seq }) => seq));
    for (const { proof: json, seq } of some) {
      const proof = proofFromJson(json);
      if (!proof.ok) throw new Error(proof.message);
      const { origin, key } = stored.identity;
      const verifier = parseVerifierKey(formatVerifierKey(origin, key.spki));
      if (!verifier.ok) throw new Error(verifier.message);
      const checked = await checkProof({ proof: proof.value, verifier: verifier.value });
      expect(checked).toMatchObject({ ok: true, value: { reading: { device: 'pump/0', seq } } });
    }
  });

  it('gives nothing for a device that never spoke, and refuses what is no name', async () => {
    expect(await readAll('device=nobody')).toEqual([]);
    expect(await problemOf(receiver.url, '/v1/readings?device=')).toMatchObject({ status: 400 });
    expect(await problemOf(receiver.url, '/v1/readings?device=a%00')).toMatchObject({ status: 400 });
  });
});
